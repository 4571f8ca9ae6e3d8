"""Which evidence beyond the pod itself is wanted: its events, and what a container printed before it ended. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.explain import explain
from modelservice_operator.diagnose.failure import failure
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent

UNTIL_WAITING: Final = 10.0
"""Seconds for which a pod may wait before its events are asked for: with the image on the node a start takes less."""
UNTIL_UNREADY: Final = 20.0
"""Seconds that a server that has started gets to become ready: our readiness probe fails three times in 15."""

MOST_EVENTS: Final = 16
MOST_CHARACTERS: Final = 4096
"""What is kept of one pod's events: this many, whose messages have together no more than so many characters."""

_UNSAID: Final = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a waiting container that say no more than that it waits."""
_UNSTARTED: Final = frozenset({"", "Pending"})
_PULL: Final = frozenset({"Pulling", "Pulled", "Failed", "BackOff"})


class Kind(StrEnum):
    """What can be asked for."""

    EVENTS = "events"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be asked for as long as the pod raises it."""

    kind: Kind
    matter: str
    """What it is about; there are few such matters to a pod."""
    patience: float = 0.0
    """Seconds for which it must have been raised before it is asked."""
    occasion: str = ""
    """Of a matter that is over when it is told: which time it happened. Each is asked about once."""
    container: str = ""
    previous: bool = False
    """The output is that of the run before the present one."""

    @property
    def again(self) -> bool:
        """The answer may change while the pod stays as it is."""
        return not self.occasion


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was learnt about a pod beyond the pod itself."""

    events: tuple[PodEvent, ...] = ()
    """The last one is the newest."""
    output: str = ""


def questions(
    pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node], now: str, *, output: bool
) -> tuple[Question, ...]:
    """What has to be asked to explain a pod. Nothing about pods that are well, on their way, or explain themselves.

    Args:
        pod: with or without evidence, which does not count: what it explains is asked for again, as it may change.
        spec: of its ModelService.
        nodes: all nodes by name; empty where the operator may not read them.
        now: RFC 3339.
        output: the operator may read what containers printed.
    """
    if pod.deleting or not pod.controlled or pod.phase == "Failed":
        return ()
    if pod.phase == "Succeeded":
        # A server does not end by itself, and who ended it stands in an Event.
        return (Question(Kind.EVENTS, "end", occasion=pod.uid),)
    crashed = any(failure(pod, container, now) for container in pod.containers)
    if not crashed and not _waits(pod) and not _unready(pod):
        return ()
    told = explain(spec, [replace(pod, events=(), output="")], None, nodes, now)
    if not told:
        if _waits(pod):
            return (Question(Kind.EVENTS, "waiting", UNTIL_WAITING),)
        return (Question(Kind.EVENTS, "unready", UNTIL_UNREADY),) if _unready(pod) else ()
    return _about_crash(pod, now, output=output) if told[0].reason is Reason.CRASH_LOOPING else ()


def with_evidence(pod: Pod, evidence: Evidence | None) -> Pod:
    """The pod with what was learnt about it."""
    return pod if evidence is None else replace(pod, events=evidence.events, output=evidence.output)


def kept_events(events: Iterable[PodEvent]) -> tuple[PodEvent, ...]:
    """The newest events, the last one the newest, as many as may be kept."""
    kept: list[PodEvent] = []
    room = MOST_CHARACTERS
    for event in sorted(events, key=lambda event: event.last_seen, reverse=True)[:MOST_EVENTS]:
        room -= len(event.message)
        if room < 0:
            break
        kept.append(event)
    return tuple(reversed(kept))


def with_event(events: Iterable[PodEvent], event: PodEvent) -> tuple[PodEvent, ...]:
    """The events with one more, or with that one as it is now: an Event that repeats is counted up."""
    others = (known for known in events if _said(known) != _said(event))
    return kept_events((*others, event))


def is_pulling(evidence: Evidence) -> bool:
    """The node is fetching the image. That takes minutes; if it fails, the pod itself says so."""
    return next((event.reason for event in reversed(evidence.events) if event.reason in _PULL), "") == "Pulling"


def _said(event: PodEvent) -> tuple[str, str, str]:
    return event.reason, event.container, event.message


def _about_crash(pod: Pod, now: str, *, output: bool) -> tuple[Question, ...]:
    """The events tell of a probe that made the kubelet end the container; the output, where the cause was printed."""
    for container in pod.containers:
        end = failure(pod, container, now)
        if end is None:
            continue
        matter, occasion = f"crash of {container.name}", end.finished_at or str(container.restart_count)
        events = Question(Kind.EVENTS, matter, occasion=occasion, container=container.name)
        previous = container.terminated is None
        printed = Question(Kind.OUTPUT, matter, occasion=occasion, container=container.name, previous=previous)
        return (events, printed) if output else (events,)
    return ()


def _waits(pod: Pod) -> bool:
    """It has a node, and what it waits for stands nowhere in it."""
    if pod.phase not in _UNSTARTED or not pod.node:
        return False
    for container in pod.containers:
        done = container.terminated is not None and container.terminated.exit_code == 0
        if not done and (container.init or not container.running_since):
            waiting = container.waiting
            return not container.running_since and (waiting is None or waiting.reason in _UNSAID)
    return False


def _unready(pod: Pod) -> bool:
    """A server has started and is not ready."""
    return not pod.ready and any(
        container.running_since and container.started and not container.ready and not container.init
        for container in pod.containers
    )
