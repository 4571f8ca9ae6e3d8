"""The phases of a pod's start: as a real kubelet reported them, in tables, and never what nobody told."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.diagnose.moments import between, moment
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod import Pod
from modelservice_operator.timeline import Phase, Span, start_of, timeline
from unit.diagnose.builders import at, condition, pod, recorded

INIT = [{"name": "fetch", "image": "fetch:1"}]


def running(second: float, *, name: str = "server", restarts: int = 0) -> Manifest:
    return {"name": name, "restartCount": restarts, "state": {"running": {"startedAt": at(second)}}}


def over(start: float, end: float, *, name: str = "fetch", code: int = 0, restarts: int = 0) -> Manifest:
    ended = {"exitCode": code, "startedAt": at(start), "finishedAt": at(end)}
    return {"name": name, "restartCount": restarts, "state": {"terminated": ended}}


def waits(name: str = "server", reason: str = "PodInitializing", restarts: int = 0) -> Manifest:
    return {"name": name, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}


def scheduled(second: float) -> Manifest:
    return condition("PodScheduled", "True", since=at(second))


def is_ready(second: float, status: str = "True") -> Manifest:
    return condition("Ready", status, since=at(second))


def told(of: Pod) -> str:
    """The timeline as `phase start-end`, in seconds since the creation of the pod."""

    def second(time: str) -> str:
        passed = between(at(0), time)
        return "" if passed is None else f"{passed.total_seconds():.0f}"

    return ", ".join(f"{phase} {second(start)}-{second(end)}" for phase, start, end in timeline(of))


TABLE = [
    ("the scheduler has not looked at it", pod(), "scheduling 0-"),
    (
        "no node takes it",
        pod(conditions=[condition("PodScheduled", "False", "Unschedulable", since=at(1))]),
        "scheduling 0-",
    ),
    (
        "the kubelet has not looked at it",
        pod(node="gpu-1", conditions=[scheduled(5)]),
        "scheduling 0-5, pulling 5-",
    ),
    (
        "its image is pulled",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(5, "False")], statuses=[waits()]),
        "scheduling 0-5, pulling 5-",
    ),
    (
        "it loads",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(5, "False")], statuses=[running(65)]),
        "scheduling 0-5, pulling 5-65, loading 65-",
    ),
    (
        "it serves",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(265)], statuses=[running(65)]),
        "scheduling 0-5, pulling 5-65, loading 65-265",
    ),
    (
        "it was unready for a while, how long it loaded at first is not known",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(900, "False")], statuses=[running(65)]),
        "scheduling 0-5, pulling 5-65",
    ),
    (
        "the model is fetched",
        pod(
            init_containers=INIT,
            node="gpu-1",
            conditions=[scheduled(5)],
            init_statuses=[running(15, name="fetch")],
            statuses=[waits()],
        ),
        "scheduling 0-5, pulling 5-15, fetching 15-",
    ),
    (
        "the model is there, the image of the server is not",
        pod(
            init_containers=INIT,
            node="gpu-1",
            conditions=[scheduled(5)],
            init_statuses=[over(15, 75)],
            statuses=[waits()],
        ),
        "scheduling 0-5, pulling 5-15, fetching 15-75, pulling 75-",
    ),
    (
        "it serves after two init containers and with a sidecar, each of which had to be pulled",
        pod(
            init_containers=[*INIT, {"name": "proxy", "restartPolicy": "Always"}, {"name": "check"}],
            containers=[{"name": "server", "readinessProbe": {}}, {"name": "exporter"}],
            node="gpu-1",
            conditions=[scheduled(5), is_ready(300)],
            init_statuses=[over(15, 75), running(80, name="proxy"), over(85, 90, name="check")],
            statuses=[running(110), running(200, name="exporter", restarts=3)],
        ),
        "scheduling 0-5, pulling 5-15, fetching 15-75, pulling 75-85, fetching 85-90, pulling 90-110, loading 110-300",
    ),
    (
        "fetching failed, and is tried again at some time",
        pod(
            init_containers=INIT,
            node="gpu-1",
            conditions=[scheduled(5)],
            init_statuses=[over(15, 16, code=1)],
            statuses=[waits()],
        ),
        "scheduling 0-5, pulling 5-15",
    ),
    (
        "fetching is tried again: when the first try began is not told",
        pod(
            init_containers=INIT,
            node="gpu-1",
            conditions=[scheduled(5)],
            init_statuses=[running(30, name="fetch", restarts=1)],
            statuses=[waits()],
        ),
        "scheduling 0-5, fetching 30-",
    ),
    (
        "the server crashed",
        pod(
            node="gpu-1",
            conditions=[scheduled(5), is_ready(5, "False")],
            statuses=[over(65, 70, name="server", code=1)],
        ),
        "scheduling 0-5, pulling 5-65",
    ),
    (
        "the server waits after a crash: that is no pulling",
        pod(node="gpu-1", conditions=[scheduled(5)], statuses=[waits(reason="CrashLoopBackOff", restarts=2)]),
        "scheduling 0-5",
    ),
    (
        "the server loads again after a crash",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(5, "False")], statuses=[running(90, restarts=1)]),
        "scheduling 0-5, loading 90-",
    ),
    (
        "the server was restarted and serves again",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(990)], statuses=[running(900, restarts=1)]),
        "scheduling 0-5, loading 900-990",
    ),
    (
        "the clock of the node is behind: nothing takes less than no time",
        pod(node="gpu-1", conditions=[scheduled(5), is_ready(100)], statuses=[running(3)]),
        "scheduling 0-5, loading 3-100",
    ),
    (
        "the clock of the API server is behind",
        pod(node="gpu-1", conditions=[scheduled(-5), is_ready(-1, "False")], statuses=[waits()]),
        "pulling -5-",
    ),
    (
        "it was bound without a word of when",
        pod(node="gpu-1", conditions=[is_ready(100)], statuses=[running(65)]),
        "loading 65-100",
    ),
    (
        "it is ready since nobody knows when",
        pod(node="gpu-1", conditions=[scheduled(5), condition("Ready", "True", since="")], statuses=[running(65)]),
        "scheduling 0-5, pulling 5-65",
    ),
    (
        "it is on its way out while it loads",
        pod(node="gpu-1", gone_by=at(0), conditions=[scheduled(5)], statuses=[running(65)]),
        "scheduling 0-5, pulling 5-65",
    ),
    ("it failed before a node was found", pod(phase="Failed"), ""),
    ("times that are none", pod(created="yesterday", conditions=[condition("PodScheduled", "True", since="!")]), ""),
]


@pytest.mark.parametrize(("what", "given_pod", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_phases(what: str, given_pod: Pod, expected: str) -> None:
    assert told(given_pod) == expected


def watched(name: str) -> Iterable[Pod]:
    """The states of a recorded pod, as a watch sees them one after the other."""
    before: Pod | None = None
    for _, _, seen in recorded(name):
        before = seen if before is None else seen.following(before)
        yield before


RECORDED = [
    # recording, what its timeline says first, seconds of each phase of its start
    ("healthy", ["", "scheduling 0-0, pulling 0-", "scheduling 0-0, pulling 0-4, loading 4-",
                 "scheduling 0-0, pulling 0-4, loading 4-5"], {"scheduling": 0, "pulling": 4, "loading": 1}),
    ("startup-slow", ["", "scheduling 0-0, pulling 0-", "scheduling 0-0, pulling 0-7, loading 7-"], None),
    ("notready", ["", "scheduling 0-0, pulling 0-", "scheduling 0-0, pulling 0-7, loading 7-"], None),
    ("badimage", ["", "scheduling 0-0, pulling 0-"], None),
    ("unsched-gpu", ["scheduling 0-"], None),
    ("outofgpu", [""], None),
    ("initfail", ["", "scheduling 0-0, pulling 0-", "scheduling 0-0, pulling 0-6, fetching 6-",
                  "scheduling 0-0, pulling 0-6", "scheduling 0-0, fetching 8-", "scheduling 0-0"], None),
    ("evicted-disk", ["", "scheduling 0-0, pulling 0-", "scheduling 0-0, pulling 0-1, loading 1-1",
                      "scheduling 0-0, pulling 0-1"], None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected", "start"), RECORDED, ids=[row[0] for row in RECORDED])
def test_recorded_pods(name: str, expected: list[str], start: dict[str, int] | None) -> None:
    seen: list[str] = []
    starts = []
    for state in watched(name):
        created = state.created_at
        seconds = [f"{phase} {_since(created, begin)}-{_since(created, end)}" for phase, begin, end in timeline(state)]
        if ", ".join(seconds) not in seen:
            seen.append(", ".join(seconds))
        starts += [found.seconds for found in [start_of(state)] if found is not None]
    assert seen[: len(expected)] == expected
    assert starts == ([start] if start is not None else [])


def _since(start: str, end: str) -> str:
    passed = between(start, end)
    return "" if passed is None else f"{passed.total_seconds():.0f}"


def test_unready_for_a_while_is_no_start() -> None:
    """A watch knows when the pod was ready first, and keeps that."""
    loading = pod(node="gpu-1", conditions=[scheduled(5), is_ready(5, "False")], statuses=[running(65)])
    ready = pod(node="gpu-1", conditions=[scheduled(5), is_ready(265)], statuses=[running(65)]).following(loading)
    unready = pod(node="gpu-1", conditions=[scheduled(5), is_ready(900, "False")], statuses=[running(65)])
    again = pod(node="gpu-1", conditions=[scheduled(5), is_ready(990)], statuses=[running(65)])
    first = start_of(ready)
    assert first is not None
    assert (first.ready_at, first.seconds) == (at(265), {"scheduling": 5, "pulling": 60, "loading": 200})
    assert start_of(again.following(unready.following(ready))) == first
    assert told(again.following(unready.following(ready))) == told(ready)
    assert start_of(again) is None, "nobody watched it"
    assert start_of(again.following(unready)) is None, "it was watched only since it was unready"


def test_a_start_with_a_restart_or_without_a_probe_is_no_measure() -> None:
    def start(*, probed: bool = True, restarts: int = 0, init_restarts: int = 0) -> bool:
        server: Manifest = {"name": "server", **({"startupProbe": {}} if probed else {})}
        more: dict[str, Any] = {"containers": [server], "init_containers": INIT, "node": "gpu-1"}
        init = [over(10, 20, restarts=init_restarts)]
        loading = pod(
            conditions=[scheduled(5), is_ready(5, "False")],
            statuses=[running(65, restarts=restarts)],
            init_statuses=init,
            **more,
        )
        ready = pod(
            conditions=[scheduled(5), is_ready(99)],
            statuses=[running(65, restarts=restarts)],
            init_statuses=init,
            **more,
        )
        return start_of(ready.following(loading)) is not None

    assert start()
    assert not start(probed=False)
    assert not start(restarts=1)
    assert not start(init_restarts=1)


def test_a_phase_of_which_a_part_is_unknown_is_unknown() -> None:
    """The node's clock is behind, so how long the first image took is unknown: the second alone would be too little."""
    seen: dict[str, Any] = {"node": "gpu-1", "init_containers": INIT, "init_statuses": [over(3, 60)]}
    loading = pod(conditions=[scheduled(5), is_ready(4, "False")], statuses=[running(65)], **seen)
    ready = pod(conditions=[scheduled(5), is_ready(99)], statuses=[running(65)], **seen).following(loading)
    start = start_of(ready)
    assert start is not None
    assert start.seconds == {"scheduling": 5, "fetching": 57, "loading": 34}


times = st.one_of(
    st.integers(-20, 20).map(at), st.sampled_from(["", "soon", "2026-11-22", "9999-12-31T23:59:59-23:59"])
)
states = st.one_of(
    st.builds(lambda start: {"running": {"startedAt": start}}, times),
    st.builds(
        lambda start, end, code: {"terminated": {"startedAt": start, "finishedAt": end, "exitCode": code}},
        times,
        times,
        st.integers(0, 1),
    ),
    st.sampled_from([{}, {"waiting": {"reason": "CrashLoopBackOff"}}]),
)
statuses = st.builds(lambda state, restarts: {"state": state, "restartCount": restarts}, states, st.integers(0, 1))
pods = st.builds(
    lambda node, created, bound, ready, turned, init, server, phase, deleted: pod(
        node=node,
        created=created,
        init_containers=INIT,
        init_statuses=[{**init, "name": "fetch"}],
        statuses=[{**server, "name": "server"}],
        conditions=[condition("PodScheduled", "True", since=bound), condition("Ready", ready, since=turned)],
        phase=phase,
        deleted=deleted,
    ),
    st.sampled_from(["", "gpu-1"]),
    times,
    times,
    st.sampled_from(["True", "False"]),
    times,
    statuses,
    statuses,
    st.sampled_from(["Pending", "Running", "Failed"]),
    st.booleans(),
)


@given(st.lists(pods, min_size=1, max_size=4))
def test_nothing_is_negative_out_of_order_or_without_a_time(history: list[Pod]) -> None:
    seen = history[0]
    for each in history[1:]:
        seen = each.following(seen)
    spans = timeline(seen)
    for span in spans:
        assert moment(span.start) is not None
        lasted = between(span.start, span.end)
        assert span.end == "" or (lasted is not None and lasted.total_seconds() >= 0)
    assert all(span.end for span in spans[:-1]), "only the last one can be under way"
    assert all(span.phase is not Phase.SCHEDULING for span in spans[1:])
    assert all(span.phase is not Phase.LOADING for span in spans[:-1])
    start = start_of(seen)
    assert start is None or all(seconds >= 0 for seconds in start.seconds.values())


def test_a_pod_without_containers_has_no_start() -> None:
    assert timeline(Pod.from_manifest({})) == ()
    assert timeline(Pod.from_manifest({"metadata": {"creationTimestamp": at(0)}})) == (
        Span(Phase.SCHEDULING, at(0), ""),
    )
