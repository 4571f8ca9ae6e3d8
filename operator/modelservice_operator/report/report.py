"""What is wanted of a ModelService, what is there, and what is wrong. Pure: the clock is passed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from modelservice_operator import conditions
from modelservice_operator.diagnose.explain import explain
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import last_lines
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.devices import resource_name
from modelservice_operator.records.fields import number
from modelservice_operator.records.node import Node
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from modelservice_operator.report.reading import Reading
from modelservice_operator.report.trouble import Trouble
from modelservice_operator.report.unseen import spec_of, unseen
from modelservice_operator.timeline import Span, timeline

DEVICE_SHORTAGES: Final = frozenset({Reason.INSUFFICIENT_ACCELERATORS, Reason.ROLLOUT_BLOCKED})
"""Problems that a look at who holds the devices helps with."""

ABOUT_NODES: Final = frozenset(
    {
        Reason.INSUFFICIENT_ACCELERATORS,
        Reason.INSUFFICIENT_RESOURCES,
        Reason.NO_MATCHING_NODE,
        Reason.UNTOLERATED_TAINT,
        Reason.NODES_CORDONED,
    }
)
"""Problems of which those who may not read nodes see less than the operator."""

STARTS: Final = 3
"""Pods whose start is shown."""


@dataclass(frozen=True, slots=True)
class PodLine:
    """One pod. Times are RFC 3339, and empty where unknown."""

    name: str
    state: str
    """Where it stands, in a word: `Ready`, `Running`, `Pending`, or what a container waits for."""
    node: str
    revision: str
    restarts: int
    created_at: str


@dataclass(frozen=True, slots=True)
class PodStart:
    """How a pod starts, or started."""

    pod: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Devices:
    """Who holds the devices of one node."""

    node: str
    has: int
    free: int
    held_by: Mapping[str, int]
    """Devices by `namespace/pod`."""
    closed: str
    """Why pods are kept off: `not ready`, `cordoned` or taints; empty where they are not."""


@dataclass(frozen=True, slots=True)
class Output:
    """The last lines of a container that failed."""

    pod: str
    container: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told."""

    namespace: str
    name: str
    ready: str
    """Status of the condition Ready: `True`, `False` or `Unknown`; the last where the status is not of now."""
    reason: str
    message: str
    since: str
    url: str
    model: str
    runtime: str
    wanted: int
    there: int
    """How many pods are ready."""
    each: str
    """What each pod asks for, as the end of a sentence; empty without devices."""
    revision: Mapping[str, str]
    problems: tuple[Trouble, ...]
    pods: tuple[PodLine, ...]
    starts: tuple[PodStart, ...]
    """Of the pods that are on their way; of the latest that is ready, where none is."""
    usual: Mapping[str, int]
    """How many seconds each phase usually takes, by its name in `status.startup.median`."""
    devices: tuple[Devices, ...]
    output: Output | None
    notes: tuple[str, ...]
    """What could not be read."""

    def as_json(self) -> Manifest:
        """The report as `-o json` prints it."""
        return asdict(self)


def report(reading: Reading, now: str) -> Report:
    """Put a report together, without who holds the devices. `now` is RFC 3339."""
    parent, deployment = reading.parent, reading.deployment
    status = parent.status
    ready = conditions.find(status, conditions.READY)
    first = unseen(parent, deployment, reading.around)
    pods = sorted(reading.pods, key=lambda pod: (pod.ready, pod.created_at, pod.name))
    return Report(
        namespace=parent.namespace,
        name=parent.name,
        ready=ready.get("status", "Unknown") if first is None else "Unknown",
        reason=ready.get("reason", "") if first is None else first.reason,
        message=ready.get("message", "") if first is None else first.message,
        since=ready.get("lastTransitionTime", "") if first is None else first.since,
        url=status.get("url", ""),
        model=(parent.spec.get("model") or {}).get("uri", ""),
        runtime=_runtime(status.get("runtime") or {}),
        wanted=deployment.wanted_replicas if deployment is not None else parent.spec.get("replicas", 1),
        there=_there(reading),
        each=_each(parent),
        revision=status.get("revision") or {},
        problems=(*filter(None, (first,)), *_problems(reading, now, is_current=first is None)),
        pods=tuple(map(_line, pods)),
        starts=_starts(pods),
        usual=(status.get("startup") or {}).get("median") or {},
        devices=(),
        output=_output(pods),
        notes=tuple(reading.unreadable),
    )


def is_short(found: Report) -> bool:
    """Devices are short: who holds them is worth reading all pods of the cluster."""
    return any(problem.reason in DEVICE_SHORTAGES for problem in found.problems)


def with_devices(found: Report, reading: Reading) -> Report:
    """The report with who holds the devices; `reading` has by now all pods of the cluster, or why not."""
    return replace(found, devices=_devices(reading), notes=tuple(reading.unreadable))


def _problems(reading: Reading, now: str, *, is_current: bool) -> tuple[Trouble, ...]:
    """What the objects say now; and what only the operator knows, as its status has it.

    That is all of it to those who may not read pods.
    """
    entries = reading.parent.status.get("problems") or ()
    if reading.pods_unread:
        return tuple(map(Trouble.told, entries))
    spec = spec_of(reading.parent)
    live = explain(spec, reading.pods, reading.deployment, reading.nodes, now) if spec is not None else ()
    known = [Trouble.told(entry) for entry in entries if not entry.get("pods")]
    # The operator may read the nodes, and had their numbers for its sentence; that of another generation is outdated.
    better = (
        {entry["reason"]: Trouble.told(entry) for entry in entries if entry["reason"] in ABOUT_NODES}
        if not reading.nodes and is_current
        else {}
    )
    seen = (Trouble(str(each.reason), each.message, each.remedy, each.pods, each.since) for each in live)
    return (*known, *(better.pop(each.reason, each) for each in seen))


def _there(reading: Reading) -> int:
    """How many pods are ready: by the pods or, where they could not be read, by what others count."""
    if not reading.pods_unread:
        return sum(pod.ready for pod in reading.pods)
    if reading.deployment is not None:
        return reading.deployment.ready_replicas
    return number(reading.parent.status, "readyReplicas")


def _runtime(runtime: Mapping[str, str]) -> str:
    name, image = runtime.get("name", ""), runtime.get("image", "")
    return f"{name} ({image})" if image else name


def _each(parent: Parent) -> str:
    spec = spec_of(parent)
    if spec is None or spec.accelerator is None:
        return ""
    return f", {spec.accelerator.count} {resource_name(spec.accelerator) or 'devices'} each"


def _line(pod: Pod) -> PodLine:
    return PodLine(
        name=pod.name,
        state=_state(pod),
        node=pod.node,
        revision=pod.revision,
        restarts=sum(container.restart_count for container in pod.containers),
        created_at=pod.created_at,
    )


def _state(pod: Pod) -> str:
    if pod.deleting:
        return "Terminating"
    if pod.ready:
        return "Ready"
    if pod.reason:
        return pod.reason
    waiting = (container.waiting.reason for container in pod.containers if container.waiting is not None)
    return next((reason for reason in waiting if reason != "PodInitializing"), pod.phase or "Pending")


def _starts(pods: Sequence[Pod]) -> tuple[PodStart, ...]:
    starting = [pod for pod in pods if not pod.ready and not pod.deleting]
    chosen = starting[:STARTS] or sorted(pods, key=lambda pod: pod.created_at)[-1:]
    starts = (PodStart(pod.name, timeline(pod)) for pod in chosen)
    return tuple(start for start in starts if start.spans)


def _devices(reading: Reading) -> tuple[Devices, ...]:
    """The nodes that have the devices that the pods ask for, those with the most free first."""
    spec = spec_of(reading.parent)
    resource = resource_name(spec.accelerator) if spec is not None and spec.accelerator is not None else None
    tenants = reading.tenants
    if resource is None or tenants is None:
        return ()
    lines = [_holders(node, resource, tenants) for node in reading.nodes.values() if resource in node.allocatable]
    return tuple(sorted(lines, key=lambda line: (-line.free, line.node)))


def _holders(node: Node, resource: str, tenants: Iterable[Pod]) -> Devices:
    here = (pod for pod in tenants if pod.node == node.name)
    held = {f"{pod.namespace}/{pod.name}": dict(pod.devices).get(resource, 0) for pod in here}
    holding = {name: count for name, count in sorted(held.items()) if count}
    has = node.allocatable[resource]
    return Devices(node.name, has, has - sum(holding.values()), holding, _closed(node))


def _closed(node: Node) -> str:
    states = ["not ready"] * (not node.ready) + ["cordoned"] * node.unschedulable
    return ", ".join(states)


def _output(pods: Iterable[Pod]) -> Output | None:
    """Of the first pod that has any: its last lines, which say more than the last one alone."""
    for pod in pods:
        for container in pod.containers:
            end = container.terminated or container.last_terminated
            if pod.ready or end is None or (container.init and end.exit_code == 0):
                continue
            lines = last_lines(pod.output or end.message)
            if lines:
                return Output(pod.name, container.name, lines)
    return None
