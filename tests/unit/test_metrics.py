from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import generate_latest

from modelservice_operator import __version__
from modelservice_operator.manifest import Manifest
from modelservice_operator.metrics import Metrics, Sources
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import at, condition, pod


class Queue:
    def __len__(self) -> int:
        return 3

    def oldest(self) -> float:
        return 1.5

    def failing(self) -> int:
        return 2

    def unfinished(self) -> float:
        return 4.5

    def longest_running(self) -> float:
        return 2.5


def model_service(name: str, spec: Manifest, status: Manifest) -> Parent:
    return Parent.from_manifest({"metadata": {"namespace": "ml", "name": name}, "spec": spec, "status": status})


def exposing(
    parents: list[Parent],
    watch_ages: dict[str, float] | None = None,
    namespaces: Iterable[tuple[str, str, bool]] = (),
) -> Metrics:
    metrics = Metrics()
    metrics.expose(Sources(Queue(), lambda: parents, lambda: watch_ages or {}, lambda: namespaces), workers=16)
    return metrics


def samples(metrics: Metrics, *prefixes: str) -> list[str]:
    """Lines of the exposition that begin so, without histogram buckets."""
    lines: Iterable[str] = generate_latest(metrics.registry).decode().splitlines()
    return sorted(line for line in lines if line.startswith(prefixes) and "_bucket{" not in line)


def test_reconciles() -> None:
    metrics = Metrics()
    metrics.reconcile_started()
    metrics.reconcile_started()
    metrics.reconcile_started()
    metrics.reconcile_finished("success", 0.25)
    metrics.reconcile_finished("error", 0.5)
    assert samples(metrics, "controller_runtime_") == [
        'controller_runtime_active_workers{controller="modelservice"} 1.0',
        'controller_runtime_max_concurrent_reconciles{controller="modelservice"} 0.0',
        'controller_runtime_reconcile_errors_total{controller="modelservice"} 1.0',
        'controller_runtime_reconcile_time_seconds_count{controller="modelservice"} 2.0',
        'controller_runtime_reconcile_time_seconds_sum{controller="modelservice"} 0.75',
        'controller_runtime_reconcile_total{controller="modelservice",result="error"} 1.0',
        'controller_runtime_reconcile_total{controller="modelservice",result="requeue_after"} 0.0',
        'controller_runtime_reconcile_total{controller="modelservice",result="success"} 1.0',
    ]


def test_the_queue() -> None:
    metrics = exposing([])
    metrics.queue.added()
    metrics.queue.added()
    metrics.queue.taken(0.5)
    metrics.queue.done(0.25)
    metrics.queue.retried()
    assert samples(metrics, "modelservice_queue") == [
        'modelservice_queue_failing{name="modelservice"} 2.0',
        'modelservice_queue_oldest_seconds{name="modelservice"} 1.5',
    ]
    assert samples(metrics, "workqueue_") == [
        'workqueue_adds_total{name="modelservice"} 2.0',
        'workqueue_depth{name="modelservice"} 3.0',
        'workqueue_longest_running_processor_seconds{name="modelservice"} 2.5',
        'workqueue_queue_duration_seconds_count{name="modelservice"} 1.0',
        'workqueue_queue_duration_seconds_sum{name="modelservice"} 0.5',
        'workqueue_retries_total{name="modelservice"} 1.0',
        'workqueue_unfinished_work_seconds{name="modelservice"} 4.5',
        'workqueue_work_duration_seconds_count{name="modelservice"} 1.0',
        'workqueue_work_duration_seconds_sum{name="modelservice"} 0.25',
    ]
    assert samples(metrics, "controller_runtime_max") == [
        'controller_runtime_max_concurrent_reconciles{controller="modelservice"} 16.0'
    ]


@pytest.mark.parametrize(
    ("code", "host", "line"),
    [
        (200, "https://10.0.0.1:6443", 'rest_client_requests_total{code="200",host="10.0.0.1:6443",method="GET"} 1.0'),
        (0, "10.0.0.1:6443", 'rest_client_requests_total{code="<error>",host="10.0.0.1:6443",method="GET"} 1.0'),
    ],
)
def test_requests(code: int, host: str, line: str) -> None:
    metrics = Metrics()
    metrics.request("GET", code, host)
    assert samples(metrics, "rest_client_requests_total") == [line]


def test_leadership() -> None:
    metrics = Metrics()
    metrics.leader(leading=True)
    assert samples(metrics, "leader") == ['leader_election_master_status{name="modelservice-operator"} 1.0']
    metrics.leader(leading=False)
    assert samples(metrics, "leader") == ['leader_election_master_status{name="modelservice-operator"} 0.0']


def test_writes_events_and_version() -> None:
    metrics = Metrics()
    metrics.wrote("Deployment", "apply")
    metrics.wrote("Deployment", "apply")
    metrics.event_dropped()
    metrics.evidence_refused()
    assert samples(metrics, "modelservice_") == [
        "modelservice_events_dropped_total 1.0",
        "modelservice_evidence_refused_total 1.0",
        f'modelservice_operator_build_info{{version="{__version__}"}} 1.0',
        'modelservice_writes_total{kind="Deployment",verb="apply"} 2.0',
    ]


def test_ages_of_watches() -> None:
    ages = {"pods": 12.5}
    metrics = exposing([], ages)
    assert samples(metrics, "modelservice_watch") == ['modelservice_watch_age_seconds{resource="pods"} 12.5']
    ages["nodes"] = 1.0
    assert len(samples(metrics, "modelservice_watch")) == 2


def started(**changes: Any) -> Pod:
    loading, ready = (
        pod(
            node="gpu-1",
            container={"startupProbe": {}},
            conditions=[
                condition("PodScheduled", "True", since=at(2)),
                condition("Ready", status, since=at(since)),
            ],
            statuses=[{"name": "server", "state": {"running": {"startedAt": at(60)}}}],
        )
        for status, since in (("False", 2), ("True", 240))
    )
    return replace(ready.following(loading), **{"runtime": "vllm", **changes})


def test_starts_of_pods_by_phase_and_runtime() -> None:
    metrics = Metrics()
    metrics.leader(leading=True)
    metrics.pod_started(started())
    metrics.pod_started(started(runtime="tei"))
    metrics.pod_started(started())
    assert samples(metrics, "modelservice_startup_phase_seconds") == [
        'modelservice_startup_phase_seconds_count{phase="loading",runtime="tei"} 1.0',
        'modelservice_startup_phase_seconds_count{phase="loading",runtime="vllm"} 2.0',
        'modelservice_startup_phase_seconds_count{phase="pulling",runtime="tei"} 1.0',
        'modelservice_startup_phase_seconds_count{phase="pulling",runtime="vllm"} 2.0',
        'modelservice_startup_phase_seconds_count{phase="scheduling",runtime="tei"} 1.0',
        'modelservice_startup_phase_seconds_count{phase="scheduling",runtime="vllm"} 2.0',
        'modelservice_startup_phase_seconds_sum{phase="loading",runtime="tei"} 180.0',
        'modelservice_startup_phase_seconds_sum{phase="loading",runtime="vllm"} 360.0',
        'modelservice_startup_phase_seconds_sum{phase="pulling",runtime="tei"} 58.0',
        'modelservice_startup_phase_seconds_sum{phase="pulling",runtime="vllm"} 116.0',
        'modelservice_startup_phase_seconds_sum{phase="scheduling",runtime="tei"} 2.0',
        'modelservice_startup_phase_seconds_sum{phase="scheduling",runtime="vllm"} 4.0',
    ]


@pytest.mark.parametrize("changes", [{"runtime": "mine"}, {"controlled": False}, {"first_ready": ""}])
def test_pods_that_are_no_measure(changes: dict[str, object]) -> None:
    metrics = Metrics()
    metrics.leader(leading=True)
    metrics.pod_started(started(**changes))
    assert samples(metrics, "modelservice_startup") == []


def test_a_standby_counts_no_starts() -> None:
    metrics = Metrics()
    metrics.pod_started(started())
    metrics.leader(leading=True)
    metrics.leader(leading=False)
    metrics.pod_started(started())
    assert samples(metrics, "modelservice_startup") == []


OBJECT = ("modelservice_info", "modelservice_status_condition", "modelservice_replicas")


def test_objects() -> None:
    status = {
        "readyReplicas": 1,
        "runtime": {"name": "vllm"},
        "conditions": [{"type": "Ready", "status": "False"}, {"type": "Stalled", "status": "True"}],
    }
    metrics = exposing([model_service("a", {"model": {"name": "llama"}, "replicas": 2}, status)])
    assert samples(metrics, *OBJECT) == [
        'modelservice_info{model="llama",name="a",namespace="ml",runtime="vllm"} 1.0',
        'modelservice_replicas{kind="desired",name="a",namespace="ml"} 2.0',
        'modelservice_replicas{kind="ready",name="a",namespace="ml"} 1.0',
        'modelservice_status_condition{name="a",namespace="ml",status="False",type="Ready"} 1.0',
        'modelservice_status_condition{name="a",namespace="ml",status="True",type="Stalled"} 1.0',
    ]


@pytest.mark.parametrize(
    ("spec", "desired"),
    [({}, "1.0"), ({"replicas": 3}, "3.0"), ({"replicas": 0}, "0.0"), ({"replicas": 3, "suspend": True}, "0.0")],
)
def test_desired_replicas(spec: Manifest, desired: str) -> None:
    metrics = exposing([model_service("a", spec, {})])
    assert samples(metrics, "modelservice_replicas") == [
        f'modelservice_replicas{{kind="desired",name="a",namespace="ml"}} {desired}',
        'modelservice_replicas{kind="ready",name="a",namespace="ml"} 0.0',
    ]


@pytest.mark.parametrize(("ready", "desired"), [("2/5", "5.0"), ("odd", "0.0"), (None, "0.0")])
def test_desired_replicas_of_an_autoscaler(ready: str | None, desired: str) -> None:
    metrics = exposing([model_service("a", {"replicas": 1, "scaling": {"maxReplicas": 8}}, {"ready": ready})])
    assert f'modelservice_replicas{{kind="desired",name="a",namespace="ml"}} {desired}' in samples(
        metrics, "modelservice_replicas"
    )


@pytest.mark.parametrize("spec", [{"replicas": "two"}, {"replicas": None, "model": "x"}, {"model": {"name": 3}}])
def test_an_odd_object_hides_no_other(spec: Manifest) -> None:
    """One that was stored before the schema refused it."""
    metrics = exposing([model_service("odd", spec, {}), model_service("b", {"replicas": 2}, {})])
    assert 'modelservice_replicas{kind="desired",name="b",namespace="ml"} 2.0' in samples(
        metrics, "modelservice_replicas"
    )


def test_an_object_without_status_has_its_own_name_as_model() -> None:
    assert samples(exposing([model_service("a", {"model": {}}, {})]), "modelservice_info") == [
        'modelservice_info{model="a",name="a",namespace="ml",runtime=""} 1.0'
    ]


def test_series_vanish_with_the_object() -> None:
    parents = [
        model_service("a", {}, {"conditions": [{"type": "Ready", "status": "True"}]}),
        model_service("b", {}, {}),
    ]
    metrics = exposing(parents)
    assert any('name="a"' in line for line in samples(metrics, *OBJECT))
    del parents[0]
    assert samples(metrics, *OBJECT)
    assert not any('name="a"' in line for line in samples(metrics, *OBJECT))


def test_nothing_says_when_a_counter_was_created() -> None:
    assert "_created" not in generate_latest(Metrics().registry).decode()


def test_namespaces_that_a_lease_gives_to_someone() -> None:
    metrics = exposing([], namespaces=[("a", "us", True), ("b", "them", False)])
    assert samples(metrics, "modelservice_namespace_") == [
        'modelservice_namespace_served{holder="them",namespace="b"} 0.0',
        'modelservice_namespace_served{holder="us",namespace="a"} 1.0',
    ]
