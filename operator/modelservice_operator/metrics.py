"""What Prometheus reads: the core under controller-runtime's names, which its dashboards know, and `modelservice_*`.

Whatever can be read when asked (the queue, the objects, the age of watches) is not counted along: its series follow the
thing itself and vanish with it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from modelservice_operator import __version__
from modelservice_operator.api.rules import RUNTIMES
from modelservice_operator.cluster.leader import LEASE
from modelservice_operator.records.fields import number, section, text
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from modelservice_operator.timeline import start_of

CONTROLLER: Final = "modelservice"
"""Value of the labels `controller` and `name` by which dashboards tell controllers apart."""

RECONCILE_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
QUEUE_BUCKETS: Final = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
STARTUP_BUCKETS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 240.0, 480.0, 900.0, 1800.0, 3600.0)
"""Upper bounds in seconds."""

RESULTS: Final = ("success", "error", "requeue_after")

NO_ANSWER: Final = "<error>"
"""Value of the label `code` when no answer came, as client-go has it."""


class ReadableQueue(Protocol):
    """What is read of the work queue at a scrape. Times are in seconds."""

    def __len__(self) -> int: ...

    def oldest(self) -> float:
        """For how long the key has waited that has waited longest."""
        ...

    def failing(self) -> int:
        """How many keys are tried again, because the last try failed."""
        ...

    def unfinished(self) -> float:
        """Sum of the times that workers have had their present keys."""
        ...

    def longest_running(self) -> float:
        """For how long the slowest worker has had its key."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read at a scrape."""

    queue: ReadableQueue
    parents: Callable[[], Iterable[Parent]]
    """All ModelServices."""
    watch_ages: Callable[[], Mapping[str, float]]
    """Seconds since the last sign of life of each watch, by resource."""
    namespaces: Callable[[], Iterable[tuple[str, str, bool]]]
    """Namespaces that a Lease gives to an operator: to whom, and whether this process works there."""


class QueueMetrics:
    """Counts what happens in the work queue: satisfies `cluster.queue.QueueObserver`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, documentation: str) -> Counter:
            return Counter(name, documentation, ["name"], registry=registry)

        def histogram(name: str, documentation: str) -> Histogram:
            return Histogram(name, documentation, ["name"], registry=registry, buckets=QUEUE_BUCKETS)

        self._adds = counter("workqueue_adds_total", "Keys that were queued.").labels(CONTROLLER)
        self._retries = counter("workqueue_retries_total", "Keys that were queued again after a failure.").labels(
            CONTROLLER
        )
        self._waits = histogram("workqueue_queue_duration_seconds", "How long keys waited in the queue.").labels(
            CONTROLLER
        )
        self._works = histogram("workqueue_work_duration_seconds", "How long workers had keys.").labels(CONTROLLER)

    def added(self) -> None:
        """A key was queued that was not queued before."""
        self._adds.inc()

    def taken(self, waited: float) -> None:
        """A worker took a key that had waited this many seconds."""
        self._waits.observe(waited)

    def done(self, worked: float) -> None:
        """A worker finished with a key after this many seconds."""
        self._works.observe(worked)

    def retried(self) -> None:
        """A key will be tried again after a failure."""
        self._retries.inc()


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        # Each counter would otherwise come with a second series that says when it was created.
        disable_created: Callable[[], None] = prometheus_client.disable_created_metrics
        disable_created()
        self.registry = registry = registry or CollectorRegistry()
        self.queue = QueueMetrics(registry)
        ProcessCollector(registry=registry)
        Gauge(
            "modelservice_operator_build_info", "Version of the operator; always 1.", ["version"], registry=registry
        ).labels(__version__).set(1)
        self._results = Counter(
            "controller_runtime_reconcile_total",
            "Reconciles, by result: success, error, or requeue_after for one that is looked at again later.",
            ["controller", "result"],
            registry=registry,
        )
        for result in RESULTS:
            self._results.labels(CONTROLLER, result)
        self._errors = Counter(
            "controller_runtime_reconcile_errors_total",
            "Reconciles that failed, and are tried again.",
            ["controller"],
            registry=registry,
        ).labels(CONTROLLER)
        self._times = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "How long reconciles took.",
            ["controller"],
            registry=registry,
            buckets=RECONCILE_BUCKETS,
        ).labels(CONTROLLER)
        self._active = Gauge(
            "controller_runtime_active_workers", "Workers that have a key.", ["controller"], registry=registry
        ).labels(CONTROLLER)
        self._workers = Gauge(
            "controller_runtime_max_concurrent_reconciles",
            "Workers in all, MODELSERVICE_WORKERS.",
            ["controller"],
            registry=registry,
        ).labels(CONTROLLER)
        self._requests = Counter(
            "rest_client_requests_total",
            "Requests to the API server, by method, host and status code; the code is <error> without an answer.",
            ["code", "method", "host"],
            registry=registry,
        )
        self._leads = False
        self._leader = Gauge(
            "leader_election_master_status", "1 in the replica that leads.", ["name"], registry=registry
        ).labels(LEASE)
        self._writes = Counter(
            "modelservice_writes_total",
            "Writes to the API server that succeeded, by kind and verb (create, apply, patch, delete). None at rest.",
            ["kind", "verb"],
            registry=registry,
        )
        self._startup = Histogram(
            "modelservice_startup_phase_seconds",
            "How long each phase of the start of a pod took (scheduling, pulling, fetching, loading), once for each "
            "pod that the leader saw become ready.",
            ["phase", "runtime"],
            registry=registry,
            buckets=STARTUP_BUCKETS,
        )
        self._refused = Counter(
            "modelservice_evidence_refused_total",
            "Looks at pods in trouble about which nothing was asked, as too many are.",
            registry=registry,
        )
        self._dropped = Counter(
            "modelservice_events_dropped_total",
            "Events that were not written: too many, or refused.",
            registry=registry,
        )

    def expose(self, sources: Sources, *, workers: int) -> None:
        """From now on, read these at each scrape; `workers` is how many reconciles can run at the same time."""
        self._workers.set(workers)
        self.registry.register(_Scrape(sources))

    def reconcile_started(self) -> None:
        """A worker begins; `reconcile_finished` must follow."""
        self._active.inc()

    def reconcile_finished(self, result: str, seconds: float) -> None:
        """A reconcile ended: `result` is one of RESULTS."""
        self._active.dec()
        self._results.labels(CONTROLLER, result).inc()
        if result == "error":
            self._errors.inc()
        self._times.observe(seconds)

    def request(self, method: str, code: int, host: str) -> None:
        """A request to the API server ended; `code` is 0 when no answer came, `host` may be a URL."""
        self._requests.labels(str(code) if code else NO_ANSWER, method, host.rpartition("//")[2]).inc()

    def wrote(self, kind: str, verb: str) -> None:
        """A write succeeded: `verb` is one of create, apply, patch, delete."""
        self._writes.labels(kind, verb).inc()

    def pod_started(self, pod: Pod) -> None:
        """A pod was seen to become ready. A standby sees the same ones, and leaves the counting to the leader."""
        start = start_of(pod)
        # Its labels can be anybody's, and the values of a label of ours must be few.
        if self._leads and start is not None and pod.controlled and pod.runtime in RUNTIMES:
            for phase, seconds in start.seconds.items():
                self._startup.labels(phase, pod.runtime).observe(seconds)

    def event_dropped(self) -> None:
        """An Event was given up."""
        self._dropped.inc()

    def evidence_refused(self) -> None:
        """A pod is in trouble, and nothing is asked about it."""
        self._refused.inc()

    def leader(self, *, leading: bool) -> None:
        """This process leads from now on, or no longer."""
        self._leads = leading
        self._leader.set(1 if leading else 0)


class _Scrape(Collector):
    """Reads the sources when asked, and remembers nothing."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: else the registry would read the sources while they are registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        queue = self._sources.queue
        yield _single(
            "workqueue_depth",
            "Keys that wait in the queue: a key is a ModelService that is to be looked at.",
            "name",
            {CONTROLLER: len(queue)},
        )
        yield _single(
            "modelservice_queue_oldest_seconds",
            "For how long the key has waited that has waited longest.",
            "name",
            {CONTROLLER: queue.oldest()},
        )
        yield _single(
            "modelservice_queue_failing",
            "Keys that are tried again because the last try failed, each after its own back-off.",
            "name",
            {CONTROLLER: queue.failing()},
        )
        yield _single(
            "workqueue_unfinished_work_seconds",
            "Sum of the times that workers have had their present keys.",
            "name",
            {CONTROLLER: queue.unfinished()},
        )
        yield _single(
            "workqueue_longest_running_processor_seconds",
            "For how long the slowest worker has had its key.",
            "name",
            {CONTROLLER: queue.longest_running()},
        )
        yield _single(
            "modelservice_watch_age_seconds",
            "Time since the last sign of life of a watch; above 220 the process is not ready.",
            "resource",
            self._sources.watch_ages(),
        )
        yield _served(self._sources.namespaces())
        yield from _objects(self._sources.parents())


def _single(name: str, documentation: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _served(namespaces: Iterable[tuple[str, str, bool]]) -> Metric:
    family = GaugeMetricFamily(
        "modelservice_namespace_served",
        "1 where this process works in a namespace that a Lease gives to its holder, 0 where it leaves it alone.",
        labels=["namespace", "holder"],
    )
    for namespace, holder, served in namespaces:
        family.add_metric([namespace, holder], 1 if served else 0)
    return family


def _objects(parents: Iterable[Parent]) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "modelservice_info",
        "A ModelService, its runtime and the name under which clients know its model; always 1.",
        labels=["namespace", "name", "runtime", "model"],
    )
    condition = GaugeMetricFamily(
        "modelservice_status_condition",
        "The present status (True, False or Unknown) of each condition of a ModelService; always 1.",
        labels=["namespace", "name", "type", "status"],
    )
    replicas = GaugeMetricFamily(
        "modelservice_replicas",
        "Replicas of a ModelService: desired by its spec or its autoscaler, and ready.",
        labels=["namespace", "name", "kind"],
    )
    for parent in parents:
        address = [parent.namespace, parent.name]
        runtime = (parent.status.get("runtime") or {}).get("name") or ""
        model = text(section(parent.spec, "model"), "name") or parent.name
        info.add_metric([*address, runtime, model], 1)
        for entry in parent.status.get("conditions") or ():
            condition.add_metric([*address, entry["type"], entry["status"]], 1)
        desired = 0 if parent.spec.get("suspend") else _desired(parent)
        replicas.add_metric([*address, "desired"], desired)
        replicas.add_metric([*address, "ready"], parent.status.get("readyReplicas") or 0)
    yield from (info, condition, replicas)


def _desired(parent: Parent) -> int:
    """Replicas by the spec; with an autoscaler by the status, which says "ready/wanted"."""
    if section(parent.spec, "scaling"):
        wanted = text(parent.status, "ready").rpartition("/")[2]
        return int(wanted) if wanted.isdecimal() else 0
    return number(parent.spec, "replicas") if "replicas" in parent.spec else 1
