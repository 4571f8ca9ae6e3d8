"""Which evidence is wanted for which pod: little for those that fail, and as good as none for those that start."""

from typing import Final

import pytest

from modelservice_operator.diagnose.evidence import (
    MOST_CHARACTERS,
    MOST_EVENTS,
    UNTIL_UNREADY,
    UNTIL_WAITING,
    Evidence,
    Kind,
    Question,
    is_pulling,
    kept_events,
    questions,
    with_evidence,
)
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent
from unit.diagnose.builders import (
    NOW,
    SPEC,
    at,
    condition,
    ended,
    pod,
    problems,
    ready,
    starting,
    unscheduled,
    waiting,
)

WAITING: Final = Question(Kind.EVENTS, "waiting", UNTIL_WAITING)
UNREADY: Final = Question(Kind.EVENTS, "unready", UNTIL_UNREADY)
DOWNLOAD: Final[Manifest] = {"name": "download"}
DOWNLOADING: Final[Manifest] = {"name": "download", "state": {"running": {"startedAt": at(0)}}}
DOWNLOADED: Final[Manifest] = {"name": "download", "state": ended(0, "Completed")}
HELD: Final[Manifest] = {"name": "server", "state": {"waiting": {"reason": "PodInitializing"}}}
CREATING: Final[Manifest] = {"name": "server", "state": {"waiting": {"reason": "ContainerCreating"}}}


def asked(pod: Pod, now: str = NOW, *, output: bool = False) -> tuple[Question, ...]:
    return questions(pod, SPEC, {}, now, output=output)


def event(reason: str, message: str = "", second: float = 0, kind: str = "Warning") -> PodEvent:
    return PodEvent(kind, reason, message, "", 1, at(second))


def running(*, started: bool, is_ready: bool = False) -> Pod:
    state = {"running": {"startedAt": at(0)}}
    status = {"name": "server", "ready": is_ready, "started": started, "state": state}
    return pod(statuses=[status], conditions=[condition("Ready", "False")], phase="Running", node="gpu-1")


def crashed(state: Manifest, *, last: Manifest | None = None, restarts: int = 0, message: str = "bad") -> Pod:
    status = {"name": "server", "ready": False, "restartCount": restarts, "state": state}
    if last is not None:
        status["lastState"] = last
    return pod(statuses=[status], conditions=[condition("Ready", "False")], phase="Running", node="gpu-1")


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        (waiting("ContainerCreating"), (WAITING,)),
        (waiting("PodInitializing", init_containers=[DOWNLOAD]), (WAITING,)),
        (pod(node="gpu-1", phase="Pending"), (WAITING,)),
        (pod(phase="Pending"), ()),
        (
            pod(init_containers=[DOWNLOAD], init_statuses=[DOWNLOADED], statuses=[CREATING], node="n", phase="Pending"),
            (WAITING,),
        ),
        (pod(init_containers=[DOWNLOAD], init_statuses=[DOWNLOADING], statuses=[HELD], node="n", phase="Pending"), ()),
        (waiting("ContainerCreating", gone_by=at(0)), ()),
        (waiting("ImagePullBackOff", "not found"), ()),
        (waiting("CreateContainerConfigError", 'secret "nope" not found'), ()),
        (unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu."), ()),
        (running(started=True), (UNREADY,)),
        (running(started=False), ()),
        (starting(), ()),
        (ready(), ()),
    ],
    ids=[
        "creating",
        "initializing",
        "no word from the kubelet",
        "no word from the scheduler",
        "after the download",
        "downloading",
        "deleted",
        "image",
        "configuration",
        "unschedulable",
        "started",
        "not started",
        "loading",
        "serving",
    ],
)
def test_what_is_asked_of_a_pod(about: Pod, wanted: tuple[Question, ...]) -> None:
    assert asked(about) == wanted


def test_a_pod_of_someone_else_is_none_of_our_business() -> None:
    bare = Pod.from_manifest({"metadata": {"uid": "u"}, "spec": {"nodeName": "n"}, "status": {"phase": "Pending"}})
    assert asked(bare) == ()


def test_a_crash_is_one_matter_in_all_its_states() -> None:
    end = ended(3, message="bad")
    states: list[tuple[Manifest, Manifest | None, bool]] = [
        (end, None, False),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, end, True),
        ({"running": {"startedAt": at(70)}}, end, True),
    ]
    for state, last, previous in states:
        events, output = asked(crashed(state, last=last), output=True)
        assert events == Question(Kind.EVENTS, "crash of server", occasion=at(60), container="server")
        assert (output.kind, output.occasion, output.previous) == (Kind.OUTPUT, at(60), previous)
        assert not events.again
    assert [question.kind for question in asked(crashed(end))] == [Kind.EVENTS], "logs may not be read"
    assert asked(crashed(ended(3, at_second=90)))[0].occasion == at(90), "the next crash is another occasion"


@pytest.mark.parametrize(
    "end",
    [
        ended(1, message="OSError: [Errno 28] No space left on device"),
        ended(137, "OOMKilled"),
        ended(127, message="sh: serve: not found"),
    ],
    ids=["recognised", "memory", "command"],
)
def test_a_crash_that_explains_itself_raises_nothing(end: Manifest) -> None:
    assert asked(crashed(end), output=True) == ()


def test_what_evidence_explains_is_asked_for_again() -> None:
    """Evidence that were not renewed would stand for ever, whatever becomes of its cause."""
    mount = event("FailedMount", 'MountVolume.SetUp failed for volume "model": timed out')
    told = with_evidence(waiting("ContainerCreating"), Evidence((mount,)))
    assert [problem.reason for problem in problems(told)] == ["VolumeMountFailed"]
    assert asked(told) == (WAITING,)
    assert with_evidence(told, None) is told


def test_the_newest_events_are_kept_and_the_last_is_the_newest() -> None:
    many = [event("Unhealthy", str(second), second) for second in range(40)]
    kept = kept_events(reversed(many))
    assert [told.message for told in kept] == [str(second) for second in range(40 - MOST_EVENTS, 40)]
    long = [event("FailedMount", "x" * 1024, second) for second in range(9)]
    assert sum(len(told.message) for told in kept_events(long)) == MOST_CHARACTERS
    assert kept_events(long)[-1] == long[-1]
    assert kept_events([]) == ()


@pytest.mark.parametrize(
    ("reasons", "pulling"),
    [
        (["Scheduled", "Pulling"], True),
        (["Scheduled", "Pulling", "MissingClusterDNS"], True),
        (["Scheduled", "Pulling", "Failed"], False),
        (["Scheduled", "Pulling", "Pulled", "Created"], False),
        (["Scheduled", "FailedMount"], False),
        ([], False),
    ],
)
def test_a_pull_under_way(reasons: list[str], pulling: bool) -> None:
    assert is_pulling(Evidence(tuple(map(event, reasons)))) is pulling
