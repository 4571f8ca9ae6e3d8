"""The status: what each situation means, when a verdict moves, and which words stay."""

from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.kstatus import kstatus
from modelservice_operator.api.status import MAX_PROBLEMS, PENDING, ModelServiceStatus
from modelservice_operator.blocked import Blocked, name_conflict, predecessor
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.observe import Observation
from modelservice_operator.records.parent import Parent
from modelservice_operator.situation import Serving, Situation
from modelservice_operator.status import _same_but_for_numbers, compute, merge_patch
from modelservice_operator.timeline import Phase, Span, Start
from unit.fake_api import merged

NOW: Final = "2026-11-22T10:00:00Z"
NEVER: Final = PENDING["conditions"][0]["lastTransitionTime"]
SERVING: Final = Serving("chat-new", "vllm", "vllm/vllm-openai:v0.33.0", "http://chat.ml.svc/v1", 2, 3600)
SERVED_BEFORE: Final[Manifest] = {**PENDING, "revision": {"serving": "chat-new", "desired": "chat-new"}}
OLD_SERVES: Final[Manifest] = {**PENDING, "revision": {"serving": "chat-old", "desired": "chat-old"}}


def parent(status: Manifest = PENDING, generation: int = 3) -> Parent:
    metadata = {"namespace": "ml", "name": "chat", "uid": "u-1", "generation": generation, "resourceVersion": "7"}
    return Parent.from_manifest({"metadata": metadata, "spec": {}, "status": status})


def seen(
    wanted: int = 2, replicas: int = 0, *, available: int = 0, settled: bool = True, deadline_exceeded: bool = False
) -> Observation:
    """The Deployment, with all its replicas of the desired revision where it is complete."""
    complete = settled and replicas == available == wanted
    return Observation(wanted, replicas, available, available, settled, complete, deadline_exceeded)


def problem(
    reason: Reason = Reason.CRASH_LOOPING, message: str = "2 of 2 pods crashed: exit 1.", **more: Any
) -> Problem:
    return Problem(**{"reason": reason, "message": message, "remedy": "Read it.", "pods": 2, "since": NOW, **more})


@dataclass(frozen=True)
class Row:
    """A situation and what the status says of it: `status/reason` for each condition."""

    name: str
    situation: Situation
    ready: str
    available: str
    reconciling: str
    stalled: str
    kstatus: str


WHOLE: Final = seen(replicas=2, available=2)
GROWING: Final = replace(seen(wanted=3, replicas=3, available=2), complete=True)
PARTLY: Final = seen(replicas=3, available=2)
ROWS: Final = [
    Row(
        "just created",
        Situation(parent(), seen(settled=False), serving=replace(SERVING, url=None)),
        "Unknown/Applying", "False/NoReplicaServing", "True/Applying", "False/AsExpected", "InProgress",
    ),
    Row(
        "loading the model for the first time",
        Situation(parent(), seen(replicas=2), serving=SERVING),
        "Unknown/Starting", "False/NoReplicaServing", "True/Starting", "False/AsExpected", "InProgress",
    ),
    Row(
        "all is well",
        Situation(parent(), WHOLE, serving=SERVING),
        "True/ReplicasReady", "True/ReplicaServing", "False/ReplicasReady", "False/AsExpected", "Current",
    ),
    Row(
        "an old revision serves while a new one starts",
        Situation(parent(OLD_SERVES), PARTLY, serving=SERVING),
        "Unknown/RollingOut", "True/ReplicaServing", "True/RollingOut", "False/AsExpected", "InProgress",
    ),
    Row(
        "a replica is replaced or added",
        Situation(parent(SERVED_BEFORE), seen(replicas=2, available=1), serving=SERVING),
        "Unknown/ReplicasNotReady", "True/ReplicaServing", "True/ReplicasNotReady", "False/AsExpected", "InProgress",
    ),
    Row(
        "an autoscaler asks for more than there is room for",
        Situation(parent(SERVED_BEFORE), GROWING, (problem(),), SERVING, scaled=True),
        "True/ReplicasReady", "True/ReplicaServing", "False/ReplicasReady", "False/AsExpected", "Current",
    ),
    Row(
        "zero replicas are asked for, some still run",
        Situation(parent(SERVED_BEFORE), seen(wanted=0, replicas=1, available=1), serving=SERVING),
        "Unknown/ScalingDown", "True/ReplicaServing", "True/ScalingDown", "False/AsExpected", "InProgress",
    ),
    Row(
        "zero replicas are asked for",
        Situation(parent(), seen(wanted=0), serving=SERVING),
        "True/ScaledToZero", "False/NoReplicaServing", "False/ScaledToZero", "False/AsExpected", "Current",
    ),
    Row(
        "suspended, the pods are stopping",
        Situation(parent(), seen(wanted=0, replicas=1, available=1), serving=SERVING, suspended=True),
        "Unknown/ScalingDown", "True/ReplicaServing", "True/ScalingDown", "False/AsExpected", "InProgress",
    ),
    Row(
        "suspended",
        Situation(parent(), seen(wanted=0), serving=SERVING, suspended=True),
        "True/Suspended", "False/Suspended", "False/Suspended", "False/AsExpected", "Current",
    ),
    Row(
        "a change waits for the rollout to be resumed",
        Situation(parent(OLD_SERVES), replace(WHOLE, complete=False), serving=SERVING, paused=True),
        "Unknown/RolloutPaused", "True/ReplicaServing", "True/RolloutPaused", "False/AsExpected", "InProgress",
    ),
    Row(
        "paused, and someone else changed the pods of the Deployment",
        Situation(parent(SERVED_BEFORE), replace(WHOLE, complete=False), serving=SERVING, paused=True),
        "Unknown/RolloutPaused", "True/ReplicaServing", "True/RolloutPaused", "False/AsExpected", "InProgress",
    ),
    Row(
        "paused, and nothing to roll out",
        Situation(parent(SERVED_BEFORE), WHOLE, serving=SERVING, paused=True),
        "True/ReplicasReady", "True/ReplicaServing", "False/ReplicasReady", "False/AsExpected", "Current",
    ),
    Row(
        "the pods crash",
        Situation(parent(), seen(replicas=2), (problem(),), SERVING),
        "False/CrashLooping", "False/NoReplicaServing", "True/CrashLooping", "False/AsExpected", "InProgress",
    ),
    Row(
        "the new revision crashes, the old one serves",
        Situation(parent(OLD_SERVES), PARTLY, (problem(),), SERVING),
        "False/CrashLooping", "True/ReplicaServing", "True/CrashLooping", "False/AsExpected", "InProgress",
    ),
    Row(
        "the deadline passed, and why is known",
        Situation(
            parent(),
            seen(replicas=2, deadline_exceeded=True),
            (problem(), problem(Reason.PROGRESS_DEADLINE_EXCEEDED, "2 of 2 pods missed the progress deadline.")),
            SERVING,
        ),
        "False/CrashLooping", "False/NoReplicaServing", "False/CrashLooping", "True/ProgressDeadlineExceeded", "Failed",
    ),
    Row(
        "all are there for a moment, between two crashes of one of them",
        Situation(parent(OLD_SERVES), WHOLE, (problem(),), SERVING, unsteady=1, least=2),
        "False/CrashLooping", "True/ReplicaServing", "True/CrashLooping", "False/AsExpected", "InProgress",
    ),
    Row(
        "an autoscaler asked for more than must be, and one of these crashes",
        Situation(parent(), WHOLE, (problem(),), SERVING, unsteady=1, least=1, scaled=True),
        "True/ReplicasReady", "True/ReplicaServing", "False/ReplicasReady", "False/AsExpected", "Current",
    ),
    Row(
        "all serve, one with a device that does not work",
        Situation(parent(), WHOLE, (problem(Reason.DEVICE_UNHEALTHY, "1 of 2 pods got a sick device."),), SERVING),
        "True/ReplicasReady", "True/ReplicaServing", "False/ReplicasReady", "False/AsExpected", "Current",
    ),
    Row(
        "the name of a child is taken",
        Situation(parent(), seen(settled=False), serving=SERVING, blocked=name_conflict("Service", "ml", "chat")),
        "False/NameConflict", "False/NoReplicaServing", "False/NameConflict", "True/NameConflict", "Failed",
    ),
    Row(
        "a predecessor's children are still there",
        Situation(parent(), seen(settled=False), serving=SERVING, blocked=predecessor("Service", "chat")),
        "Unknown/WaitingForPredecessor", "False/NoReplicaServing", "True/WaitingForPredecessor", "False/AsExpected",
        "InProgress",
    ),
    Row(
        "the operator lacks a right",
        Situation(parent(), WHOLE, serving=SERVING, blocked=Blocked(Reason.FORBIDDEN, "May not.", "Grant.", retry=30)),
        "False/Forbidden", "True/ReplicaServing", "True/Forbidden", "False/AsExpected", "InProgress",
    ),
    Row(
        "a stored spec that cannot be read, old replicas serve",
        Situation(
            parent(SERVED_BEFORE),
            replace(WHOLE, settled=False, complete=False),
            blocked=Blocked(Reason.INVALID_SPEC, "spec.model: must be set.", "Change it.", stalled=True),
        ),
        "False/InvalidSpec", "True/ReplicaServing", "False/InvalidSpec", "True/InvalidSpec", "Failed",
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_meaning(row: Row) -> None:
    status = compute(row.situation, NOW, renew=False)
    found = {entry["type"]: f"{entry['status']}/{entry['reason']}" for entry in status["conditions"]}
    assert found == {
        "Ready": row.ready,
        "Available": row.available,
        "Reconciling": row.reconciling,
        "Stalled": row.stalled,
    }
    assert kstatus({"metadata": {"generation": 3}, "status": status}) == row.kstatus
    ModelServiceStatus.model_validate(status)
    assert status["observedGeneration"] == 3
    assert {entry["observedGeneration"] for entry in status["conditions"]} == {3}


def test_a_status_about_an_earlier_spec_is_no_verdict_on_this_one() -> None:
    status = compute(Situation(parent(), WHOLE, serving=SERVING), NOW, renew=False)
    assert kstatus({"metadata": {"generation": 4}, "status": status}) == "InProgress"
    assert kstatus({"metadata": {"generation": 1}, "status": PENDING}) == "InProgress", "before the first status"


def history(*situations: Situation, renew: bool = False) -> list[Manifest]:
    """The statuses that follow one another, a minute apart; each is computed from the one before."""
    statuses: list[Manifest] = [PENDING]
    for minute, situation in enumerate(situations):
        before = replace(situation.parent, status=statuses[-1])
        statuses.append(compute(replace(situation, parent=before), f"2026-11-22T10:0{minute}:00Z", renew=renew))
    return statuses[1:]


def since(status: Manifest, condition_type: str) -> str:
    found = next(entry for entry in status["conditions"] if entry["type"] == condition_type)
    return str(found["lastTransitionTime"])[14:16]


def test_last_transition_time_moves_with_the_status_alone() -> None:
    loading = Situation(parent(), seen(replicas=2), serving=SERVING)
    whole = Situation(parent(), WHOLE, serving=SERVING)
    crashing = Situation(parent(), seen(replicas=2), (problem(),), SERVING)
    out_of_memory = Situation(parent(), seen(replicas=2), (problem(Reason.OUT_OF_MEMORY),), SERVING)
    steps = history(replace(loading, observation=seen(settled=False)), loading, whole, whole, crashing, out_of_memory)
    assert [since(status, "Ready") for status in steps] == ["00", "00", "02", "02", "04", "04"]
    assert [since(status, "Available") for status in steps] == ["00", "00", "02", "02", "04", "04"]
    assert [since(status, "Reconciling") for status in steps] == ["00", "00", "02", "02", "04", "04"]
    assert {since(status, "Stalled") for status in steps} == {"00"}


def test_the_same_situation_again_is_the_same_status() -> None:
    for row in ROWS:
        once, twice = history(row.situation, row.situation)
        assert merge_patch(once, twice) == {}, row.name


def crashing(*problems: Problem) -> Situation:
    return Situation(parent(), seen(wanted=4, replicas=4), problems, SERVING)


def first_of(status: Manifest) -> Manifest:
    problems: list[Manifest] = status["problems"]
    return problems[0]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (problem(message="2 of 2 nodes have 3 free."), "2 of 2 nodes have 5 free."),
        (problem(message="2 of 2 nodes have 3 free.", pods=1), "2 of 2 nodes have 3 free."),
        (problem(message="2 of 2 nodes are gone."), "2 of 2 nodes are gone."),
        (problem(Reason.NODE_LOST, "2 of 2 nodes have 3 free."), "2 of 2 nodes have 3 free."),
    ],
    ids=["only a number moved", "more or fewer pods", "other words", "another reason"],
)
def test_numbers_stay_those_of_first_sight_while_the_verdict_is_the_same(second: Problem, told: str) -> None:
    first = problem(message="2 of 2 nodes have 5 free.")
    before, after = history(crashing(first), crashing(second))
    assert first_of(before)["message"] == first.message
    assert first_of(after)["message"] == told
    assert after["conditions"][0]["message"] == told, "Ready says what the worst problem says"


def test_numbers_are_renewed_when_it_is_time() -> None:
    first, second = (problem(message=f"{free} are free.", remedy=f"Ask for {free}.") for free in (5, 3))
    _, after = history(crashing(first), crashing(second), renew=True)
    assert first_of(after)["message"] == "3 are free."
    assert first_of(after)["remedy"] == "Ask for 3."
    assert after["conditions"][0]["message"] == "3 are free."


def test_a_remedy_in_other_words_is_told_though_the_message_stays() -> None:
    first, second = (problem(message=f"{free} are free.", remedy=remedy) for free, remedy in ((5, "Wait."), (3, "Go.")))
    _, after = history(crashing(first), crashing(second))
    assert (first_of(after)["message"], first_of(after)["remedy"]) == ("5 are free.", "Go.")


def test_a_problem_keeps_since_when_it_was_first_seen() -> None:
    """A pod that is replaced takes the proof of the earlier time with it."""
    first, later = problem(since="2026-11-22T09:50:00Z"), problem(since="2026-11-22T09:59:00Z")
    statuses = history(crashing(first), crashing(later), crashing(), crashing(later), crashing(problem(since="")))
    times = [first_of(status)["since"] if "problems" in status else None for status in statuses]
    assert times == [first.since, first.since, None, later.since, later.since]


def test_a_problem_without_a_time_is_known_since_now() -> None:
    assert first_of(history(crashing(problem(since="")))[0])["since"] == NOW


def test_problems_with_the_same_words_and_other_numbers_stay_apart() -> None:
    """Two containers that end with different exit codes, for example."""
    one = problem(message="1 of 4 pods crashed: exit 1.", pods=1, since="2026-11-22T09:01:00Z")
    two = problem(message="1 of 4 pods crashed: exit (2).", pods=1, since="2026-11-22T09:02:00Z")
    ten = problem(message="1 of 4 pods crashed: exit (10).", pods=1, since="2026-11-22T09:10:00Z")
    for order in ((one, two, ten), (ten, one, two)):
        _, after = history(crashing(one, two, ten), crashing(*order))
        told = [(entry["message"], entry["since"]) for entry in after["problems"]]
        assert told == [(each.message, each.since) for each in order]


def test_what_was_said_of_one_problem_is_not_said_of_two() -> None:
    one, two, three = (problem(message=f"{free} are free.", since=f"2026-11-22T09:0{free}:00Z") for free in (1, 2, 3))
    _, after = history(crashing(one), crashing(two, three))
    told = [(entry["message"], entry["since"]) for entry in after["problems"]]
    assert told == [(one.message, one.since), (three.message, three.since)]


def test_a_problem_that_is_gone_lends_its_time_to_no_other() -> None:
    two, ten = (problem(message=f"1 of 4 pods crashed: exit ({code}).", pods=1) for code in (2, 10))
    later = replace(ten, since="2026-11-22T09:59:00Z")
    _, after = history(crashing(replace(two, since="2026-11-22T09:00:00Z"), ten), crashing(two, later))
    assert [entry["since"] for entry in after["problems"]] == ["2026-11-22T09:00:00Z", NOW]


def test_what_stands_in_the_way_is_the_worst_problem() -> None:
    blocked = name_conflict("Service", "ml", "chat")
    others = tuple(problem(message=f"Problem {letter}.") for letter in "abcdefghijkl")
    status = compute(replace(crashing(*others), blocked=blocked), NOW, renew=False)
    assert len(status["problems"]) == MAX_PROBLEMS
    assert first_of(status) == {
        "reason": "NameConflict",
        "message": blocked.message,
        "remedy": blocked.remedy,
        "pods": 0,
        "since": NOW,
    }
    assert [entry["message"] for entry in status["problems"][1:]] == [each.message for each in others[:9]]


def test_waiting_is_no_problem() -> None:
    status = compute(replace(crashing(), blocked=predecessor("Service", "chat")), NOW, renew=False)
    assert "problems" not in status


def test_the_serving_revision_is_the_last_that_was_completely_ready() -> None:
    new = replace(SERVING, revision="chat-2")
    steps = history(
        Situation(parent(), seen(replicas=2), serving=SERVING),
        Situation(parent(), WHOLE, serving=SERVING),
        Situation(parent(), PARTLY, serving=new),
        Situation(parent(), seen(wanted=0), serving=new, suspended=True),
        Situation(parent(), WHOLE, serving=new),
    )
    assert [status["revision"] for status in steps] == [
        {"desired": "chat-new"},
        {"serving": "chat-new", "desired": "chat-new"},
        {"serving": "chat-new", "desired": "chat-2"},
        {"serving": "chat-new", "desired": "chat-2"},
        {"serving": "chat-2", "desired": "chat-2"},
    ]


def test_what_runs_is_kept_while_nothing_can_be_rendered() -> None:
    blocked = Blocked(Reason.INVALID_SPEC, "spec.model: must be set.", "Set it.", stalled=True)
    before, after = history(
        Situation(parent(), WHOLE, serving=SERVING), Situation(parent(), seen(settled=False), blocked=blocked)
    )
    kept = ("url", "runtime", "revision", "accelerators")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    first = compute(Situation(parent(), seen(settled=False), blocked=blocked), NOW, renew=False)
    assert not set(kept) & set(first)


def test_the_url_appears_with_the_service_and_stays() -> None:
    homeless = replace(SERVING, url=None)
    steps = history(
        Situation(parent(), seen(), serving=homeless),
        Situation(parent(), seen(), serving=SERVING),
        Situation(parent(), seen(), serving=homeless),
    )
    assert [status.get("url") for status in steps] == [None, SERVING.url, SERVING.url]


LOADING: Final = Span(Phase.LOADING, "2026-11-22T10:00:30Z", "")
STARTED: Final = Start("chat-a", "2026-11-22T10:04:10Z", {Phase.PULLING: 12, Phase.LOADING: 220})
STARTUP: Final[Manifest] = {
    "revision": "chat-new",
    "last": {"pod": "chat-a", "readyAt": "2026-11-22T10:04:10Z", "pullingSeconds": 12, "loadingSeconds": 220},
    "median": {"pullingSeconds": 12, "loadingSeconds": 220},
}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({}, "The first replicas are starting: loading since 10:00:30Z, which may take 3600 s."),
        (OLD_SERVES, "Revision chat-new replaces chat-old: loading since 10:00:30Z, which may take 3600 s."),
        (
            {**OLD_SERVES, "startup": STARTUP},
            "Revision chat-new replaces chat-old: loading since 10:00:30Z, usually 3m40s.",
        ),
        (
            {**SERVED_BEFORE, "startup": STARTUP},
            "Not all replicas are ready yet: loading since 10:00:30Z, usually 3m40s.",
        ),
        (
            {**SERVED_BEFORE, "startup": {**STARTUP, "revision": "chat-old"}},
            "Not all replicas are ready yet: loading since 10:00:30Z, which may take 3600 s.",
        ),
    ],
    ids=["the first ever", "the first of a revision", "more of a revision", "one more", "others started before"],
)
def test_what_the_pods_are_at(status: Manifest, message: str) -> None:
    found = compute(Situation(parent(status), PARTLY, serving=SERVING, under_way=LOADING), NOW, renew=False)
    assert {entry["type"]: entry["message"] for entry in found["conditions"]}["Reconciling"] == message
    assert found["conditions"][0]["message"] == message, "Ready says the same"


def test_starts_are_remembered_until_one_of_another_revision() -> None:
    other = replace(SERVING, revision="chat-2")
    steps = history(
        Situation(parent(), seen(replicas=2), serving=SERVING),
        Situation(parent(), WHOLE, serving=SERVING, starts=(STARTED,)),
        Situation(parent(), WHOLE, serving=SERVING),
        Situation(parent(), PARTLY, serving=other),
        Situation(parent(), seen(settled=False), blocked=Blocked(Reason.INVALID_SPEC, "Wrong.", "Mend it.")),
        Situation(parent(), WHOLE, serving=other, starts=(replace(STARTED, pod="chat-b"),)),
    )
    assert [status.get("startup", {}).get("last", {}).get("pod") for status in steps] == [
        None, "chat-a", "chat-a", "chat-a", "chat-a", "chat-b",
    ]  # fmt: skip
    assert steps[1]["startup"] == steps[4]["startup"] == STARTUP
    assert steps[5]["startup"]["revision"] == "chat-2"
    assert merge_patch(steps[1], steps[2]) == {}, "what was remembered is not written again"


numbers = st.integers(0, 12)
problems = st.lists(
    st.builds(
        lambda reason, free, pods: problem(reason, f"{pods} of 4 pods: {free} are free.", pods=pods),
        st.sampled_from([Reason.CRASH_LOOPING, Reason.UNSCHEDULABLE]),
        numbers,
        st.integers(1, 4),
    ),
    max_size=4,
    unique_by=lambda each: (each.reason, each.message),
)
seconds = st.integers(0, 9000)
starts = st.builds(
    lambda name, minute, took: Start(name, f"2026-11-22T10:0{minute}:00Z", took),
    st.sampled_from(["chat-a", "chat-b", "chat-c"]),
    st.integers(0, 9),
    st.dictionaries(st.sampled_from(Phase), seconds),
)
situations = st.builds(
    lambda wanted, replicas, available, settled, found, name, blocked, under_way, latest: Situation(
        parent(),
        seen(wanted, replicas, available=available, settled=settled),
        tuple(found),
        replace(SERVING, revision=name),
        blocked=blocked,
        under_way=under_way,
        starts=tuple(latest),
    ),
    st.integers(0, 4),
    numbers,
    st.integers(0, 4),
    st.booleans(),
    problems,
    st.sampled_from(["chat-1", "chat-2"]),
    st.sampled_from([None, None, name_conflict("Service", "ml", "chat"), predecessor("Service", "chat")]),
    st.one_of(st.none(), st.builds(Span, st.sampled_from(Phase), st.sampled_from([NOW, LOADING.start]), st.just(""))),
    st.lists(starts, max_size=3, unique_by=lambda start: start.pod),
)


@given(situations)
def test_time_that_passes_changes_nothing(situation: Situation) -> None:
    once = compute(situation, NOW, renew=False)
    again = replace(situation, parent=replace(situation.parent, status=once))
    for later in ("2026-11-22T10:00:01Z", "2026-11-22T11:00:00Z", "2027-01-01T00:00:00Z"):
        assert merge_patch(once, compute(again, later, renew=False)) == {}


@given(st.lists(situations, min_size=1, max_size=6))
def test_every_history_keeps_the_promises(steps: list[Situation]) -> None:
    """A patch leads from each status to the next; Ready says what the worst problem says, and nothing is told twice."""
    before: Manifest = PENDING
    for after in history(*steps):
        ModelServiceStatus.model_validate(after)
        assert merged(before, merge_patch(before, after)) == after
        told = [(entry["reason"], entry["message"]) for entry in after.get("problems", ())]
        assert len(set(told)) == len(told)
        ready = after["conditions"][0]
        if ready["status"] == "False":
            assert (ready["reason"], ready["message"]) == told[0]
        for new in after["conditions"]:
            old = next((entry for entry in before["conditions"] if entry["type"] == new["type"]), new)
            assert (old["status"] == new["status"]) <= (old["lastTransitionTime"] in (new["lastTransitionTime"], NEVER))
        before = after


leaves = st.one_of(st.integers(0, 3), st.text(max_size=2))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(documents, documents)
def test_a_merge_patch_leads_from_one_status_to_the_other(previous: Manifest, wanted: Manifest) -> None:
    patch = merge_patch(previous, wanted)
    assert merged(previous, patch) == wanted
    assert (patch == {}) == (previous == wanted)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("used 120Gi of 136Gi", "used 121.5Gi of 136Gi", True),
        ("needs 1500m", "needs 2", True),
        ("tried 2.00 GiB", "tried 3.50 GiB", True),
        ("node gpu-1", "node gpu-2", False),
        ("image a:v1.2", "image a:v1.3", False),
        ("at 10:00:00Z", "at 10:00:01Z", False),
    ],
)
def test_what_counts_as_a_number_that_may_move(before: str, after: str, same: bool) -> None:
    assert _same_but_for_numbers(before, after) is same
