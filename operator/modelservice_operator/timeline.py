"""How the start of a pod went, phase by phase, from its conditions and the times of its containers alone. Pure.

What the API does not tell is left out, never guessed: a phase with an end that is unknown or lies before its start (the
clocks of two machines), and whatever came before the last run of a container that was restarted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from modelservice_operator.diagnose.moments import between, moment
from modelservice_operator.records.container import Container
from modelservice_operator.records.pod import Pod


class Phase(StrEnum):
    """What a pod is doing until it is ready. A pod that has init containers is pulling more than once."""

    SCHEDULING = "scheduling"
    """From its creation until it is bound to a node."""
    PULLING = "pulling"
    """From being bound, or from the end of an init container, until the next container starts. Mostly that is the
    image; the API does not tell it from mounting volumes, setting up the network, pulling an image volume with the
    model, and starting sidecars."""
    FETCHING = "fetching"
    """While an init container runs. The one that the operator adds fetches the model; others do as they like."""
    LOADING = "loading"
    """From the start of the server until the pod is ready. An engine that downloads the model itself does so here."""


class Span(NamedTuple):
    """One phase of one pod."""

    phase: Phase
    start: str
    """RFC 3339, as the next one."""
    end: str
    """Empty while the phase is under way."""


@dataclass(frozen=True, slots=True)
class Start:
    """A pod that became ready without any of its containers being restarted on the way."""

    pod: str
    ready_at: str
    """RFC 3339."""
    seconds: Mapping[Phase, int]
    """How long each phase took, in whole seconds, in order; those alone that are known, and the last one always is."""


def timeline(pod: Pod) -> tuple[Span, ...]:
    """The phases of a pod in order; only the last one can be under way.

    When a pod became ready for the first time is known only where it was watched (`Pod.first_ready`). Elsewhere loading
    ends when it became ready for the last time, which is later for a pod that was unready for a while since.
    """
    over = pod.ready or pod.deleting or pod.phase in {"Failed", "Succeeded"}
    return tuple(
        Span(phase, start, end or "")
        for phase, start, end in _phases(pod)
        if (moment(start) is not None and not over if end is None else _seconds(start, end) is not None)
    )


def start_of(pod: Pod) -> Start | None:
    """The start of a pod that was watched until it became ready.

    None for any other, after a restart, and without a probe, where ready says no more than that the server runs.
    """
    server = pod.server
    if not pod.first_ready or server is None or not server.probed or any(step.restart_count for step in _steps(pod)):
        return None
    seconds: dict[Phase, int | None] = {}
    for phase, start, end in _phases(pod):
        before, more = seconds.get(phase, 0), _seconds(start, end or "")
        seconds[phase] = None if before is None or more is None else before + more
    known = {phase: lasted for phase, lasted in seconds.items() if lasted is not None}
    return Start(pod.name, pod.first_ready, known) if Phase.LOADING in known else None


def _seconds(start: str, end: str) -> int | None:
    """None where they are unknown or negative."""
    lasted = between(start, end)
    return int(lasted.total_seconds()) if lasted is not None and lasted.days >= 0 else None


def _phases(pod: Pod) -> Iterator[tuple[Phase, str, str | None]]:
    """Phase, start, and end, which is None while it is under way; times that are unknown are empty."""
    if not pod.scheduled_at and not pod.node:
        yield Phase.SCHEDULING, pod.created_at, None
        return
    yield Phase.SCHEDULING, pod.created_at, pod.scheduled_at
    before = pod.scheduled_at
    for container in _steps(pod):
        if container.restart_count:
            # When its first run began is not told, so neither is for how long its image was pulled.
            before = ""
        ended = container.terminated
        if not container.running_since and ended is None:
            yield Phase.PULLING, before, None
            return
        began = container.running_since or (ended.started_at if ended is not None else "")
        yield Phase.PULLING, before, began
        if not container.init:
            yield from _loading(pod, container)
        elif ended is None:
            yield Phase.FETCHING, began, None
        elif ended.exit_code == 0:
            yield Phase.FETCHING, began, ended.finished_at
            before = ended.finished_at
            continue
        return


def _loading(pod: Pod, server: Container) -> Iterator[tuple[Phase, str, str | None]]:
    began = server.running_since
    if not began:
        return
    if not pod.was_ready:
        yield Phase.LOADING, began, None
    elif pod.first_ready >= began:
        yield Phase.LOADING, began, pod.first_ready
    elif pod.ready:
        yield Phase.LOADING, began, pod.ready_since


def _steps(pod: Pod) -> list[Container]:
    """The containers that run one after the other: init containers, and the server."""
    return [container for container in pod.containers if container.init or container is pod.server]
