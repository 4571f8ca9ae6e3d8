"""How the pods of a ModelService start: what is under way, and what `status.startup` remembers of it. Pure."""

import statistics
from collections.abc import Iterable
from dataclasses import replace
from heapq import nlargest
from typing import Final

from modelservice_operator.api.status import MAX_STARTS
from modelservice_operator.diagnose.moments import duration, moment
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod import Pod
from modelservice_operator.timeline import Phase, Span, Start, start_of, timeline

_WORDS: Final = {
    Phase.SCHEDULING: "waiting for a node",
    Phase.PULLING: "mounting volumes and pulling the image",
    Phase.FETCHING: "fetching the model",
    Phase.LOADING: "loading",
}
_ORDER: Final = tuple(Phase)


def under_way(pods: Iterable[Pod], revision: str, counted: int) -> Span | None:
    """Where the start of a revision stands: the phase that its foremost pod is in, and since when the first has been.

    Args:
        pods: everything that carries the service's label.
        revision: value of the revision's label.
        counted: ready pods by the Deployment. It hears of them a moment later than we do; until then the latest to be
            ready are taken as still loading, so that each of them is told of once, together with the count.
    """
    ours = _ours(pods)
    serving = sorted((pod for pod in ours if pod.ready), key=lambda pod: (pod.ready_since, pod.name))
    latest = [pod for pod in serving[counted:] if pod.first_ready == pod.ready_since]
    starting = [pod for pod in ours if not pod.ready] + [replace(pod, ready=False, ready_since="") for pod in latest]
    last = (span for pod in starting if pod.revision == revision for span in timeline(pod)[-1:])
    spans = [span for span in last if not span.end]
    return min(spans, key=lambda span: (-_ORDER.index(span.phase), span.start), default=None)


def starts(pods: Iterable[Pod], revision: str, counted: int, startup: Manifest) -> tuple[Start, ...]:
    """The latest starts of a revision that `status.startup` does not know of.

    None while the Deployment has yet to hear of a pod that is ready, or is not: `counted` are those that it knows of.
    """
    ours = _ours(pods)
    if sum(pod.ready for pod in ours) != counted:
        return ()
    watched = (pod for pod in ours if pod.first_ready and pod.revision == revision)
    latest = nlargest(MAX_STARTS, watched, key=lambda pod: (pod.first_ready, pod.name))
    known = {entry["pod"] for entry in _entries(startup)}
    return tuple(start for pod in latest if pod.name not in known and (start := start_of(pod)) is not None)


def remember(before: Manifest, revision: str, latest: Iterable[Start]) -> Manifest:
    """`status.startup` after these starts of pods of a revision: as it was, if there is nothing new in them."""
    known = _entries(before) if before.get("revision") == revision else []
    by_pod = {start.pod: _entry(start) for start in latest} | {entry["pod"]: entry for entry in known}
    entries = nlargest(MAX_STARTS, by_pod.values(), key=lambda entry: (entry["readyAt"], entry["pod"]))
    if entries == known:
        return before
    last, *earlier = entries
    startup: Manifest = {"revision": revision, "last": last, "median": _median(entries)}
    return {**startup, "earlier": earlier} if earlier else startup


def describe(span: Span, startup: Manifest, revision: str, patience: int) -> str:
    """What is under way, since when, and for how long that may go on. Nothing in it moves with time.

    Args:
        span: what is under way.
        startup: `status.startup`.
        revision: the revision that starts; what others took is no measure.
        patience: how many seconds the server may take before it is ready.
    """
    began = moment(span.start)
    words = f"{_WORDS[span.phase]} since {began:%H:%M:%SZ}" if began is not None else _WORDS[span.phase]
    usual = startup["median"].get(_field(span.phase)) if startup.get("revision") == revision else None
    if usual is not None:
        return f"{words}, usually {duration(usual)}"
    return f"{words}, which may take {patience} s" if span.phase is Phase.LOADING else words


def _ours(pods: Iterable[Pod]) -> list[Pod]:
    """Those that a Deployment counts."""
    return [pod for pod in pods if pod.controlled and not pod.deleting and pod.phase not in {"Failed", "Succeeded"}]


def _entries(startup: Manifest) -> list[Manifest]:
    return [startup["last"], *startup.get("earlier", ())] if startup else []


def _entry(start: Start) -> Manifest:
    return {"pod": start.pod, "readyAt": start.ready_at, **{_field(phase): n for phase, n in start.seconds.items()}}


def _median(entries: list[Manifest]) -> Manifest:
    took = {_field(phase): [entry[_field(phase)] for entry in entries if _field(phase) in entry] for phase in Phase}
    return {field: round(statistics.median(seconds)) for field, seconds in took.items() if seconds}


def _field(phase: Phase) -> str:
    return f"{phase}Seconds"
