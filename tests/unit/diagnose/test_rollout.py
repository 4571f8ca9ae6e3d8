"""A rollout that takes too long, or that cannot go on."""

import pytest

from modelservice_operator.api.spec import ModelServiceSpec, Rollout
from modelservice_operator.diagnose.later import changes_in
from modelservice_operator.records.deployment import Deployment
from unit.diagnose.builders import (
    CREATED,
    OLD_HASH,
    at,
    condition,
    deployment,
    ended,
    node,
    nodes,
    pod,
    problems,
    ready,
    starting,
    unscheduled,
    waiting,
)

PROGRESSING = condition(
    "Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "chat-7d9c" has timed out', at(1800)
)
OLD = ready("chat-55f8-a", revision="r0", template_hash=OLD_HASH)
NEW = unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", gpus=8)
ROLLING = deployment(1, replicas=2, updated=1, available=1)
BOTH = ["InsufficientAccelerators", "RolloutBlocked"]


def test_a_surge_without_room() -> None:
    shortage, blocked = problems(OLD, NEW, of=ROLLING, on=nodes(node("gpu-1", 8)))
    assert [shortage.reason, blocked.reason] == BOTH
    assert (blocked.message, blocked.remedy, blocked.pods) == (
        "1 of 1 pod cannot replace the old revision: it needs 8 nvidia.com/gpu; new pods start beside the old ones, 1 "
        "of which still serve and hold what they need.",
        "Add what the first problem names, or set spec.rollout.strategy to Replace: an old pod is then stopped before "
        "a new one starts.",
        1,
    )


def test_who_waits_for_a_pod_that_goes_waits_for_nothing_else() -> None:
    """In a rollout that replaces, each new pod waits until an old one has given back its devices, or is overdue."""
    going = ready("chat-55f8-b", revision="r0", template_hash=OLD_HASH, gone_by=at(45))
    assert problems(OLD, NEW, going, of=ROLLING, now=at(44)) == ()
    assert changes_in([going], at(44)) == 2.0
    assert [problem.reason for problem in problems(OLD, NEW, going, of=ROLLING, now=at(45))] == BOTH
    assert changes_in([going], at(45)) is None
    elsewhere = ready("chat-55f8-b", revision="r0", template_hash=OLD_HASH)
    assert [problem.reason for problem in problems(OLD, NEW, elsewhere, of=ROLLING, now=at(44))] == BOTH


def test_one_that_goes_makes_room_for_one() -> None:
    waiting_ones = [
        unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", gpus=8, name=f"chat-7d9c-{name}")
        for name in "ab"
    ]
    going = ready("chat-55f8-b", revision="r0", template_hash=OLD_HASH, gone_by=at(45))
    (shortage,) = problems(*waiting_ones, going, of=deployment(2, available=0), now=at(44))
    assert (shortage.reason, shortage.pods) == (BOTH[0], 1)


def test_what_has_no_node_gives_nothing_back() -> None:
    going = pod("chat-7d9c-b", gone_by=at(45))
    assert [problem.reason for problem in problems(NEW, going, now=at(44))] == BOTH[:1]


def test_a_quota_blocks_a_surge_too() -> None:
    failure = condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota: q, requested: pods=1")
    quota, blocked = problems(OLD, of=deployment(1, available=1, updated=0, conditions=[failure]))
    assert [(quota.reason, quota.pods), (blocked.reason, blocked.pods)] == [("QuotaExceeded", 1), ("RolloutBlocked", 1)]


def test_only_a_surge_beside_pods_that_serve_is_blocked() -> None:
    replace = ModelServiceSpec(rollout=Rollout(strategy="Replace"))
    dead = starting("chat-55f8-a", revision="r0", template_hash=OLD_HASH)
    for told in (problems(OLD, NEW, of=ROLLING, spec=replace), problems(NEW), problems(dead, NEW, of=ROLLING)):
        assert [problem.reason for problem in told] == BOTH[:1]


def test_deadline() -> None:
    late = deployment(2, available=1, conditions=[PROGRESSING])
    (problem,) = problems(starting(), of=late)
    assert (problem.reason, problem.message, problem.remedy, problem.pods, problem.since) == (
        "ProgressDeadlineExceeded",
        f"1 of 2 pods missed the progress deadline: it passed at {at(1800)}; 1 running and not ready.",
        "Repair what the other problems name; if there are none, the model may only load slowly: set model.size or "
        "raise spec.rollout.progressDeadlineSeconds, and start anew by spec.rollout.restart.",
        1,
        at(1800),
    )


@pytest.mark.parametrize(
    ("late", "pods"),
    [
        (deployment(2, available=0, conditions=[PROGRESSING]), 2),
        (deployment(2, replicas=3, updated=1, available=2, conditions=[PROGRESSING]), 1),
        (deployment(1, replicas=2, updated=1, available=1, conditions=[PROGRESSING]), 1),
    ],
)
def test_how_many_pods_missed_the_deadline(late: Deployment, pods: int) -> None:
    assert [problem.pods for problem in problems(of=late)] == [pods]


def test_where_the_pods_stand_that_missed_the_deadline() -> None:
    running = {"name": "fetch", "state": {"running": {"startedAt": CREATED}}}
    initializing = {"name": "server", "state": {"waiting": {"reason": "PodInitializing"}}}
    pods = [
        starting("chat-7d9c-a"),
        waiting("ContainerCreating", name="chat-7d9c-b"),
        waiting("ContainerCreating", name="chat-7d9c-c"),
        pod("chat-7d9c-d", phase="Pending", node="gpu-1"),
        pod(
            "chat-7d9c-e",
            init_containers=[{"name": "fetch"}],
            init_statuses=[running],
            statuses=[initializing],
            phase="Pending",
            node="gpu-1",
        ),
        ready("chat-7d9c-f"),
    ]
    download, problem = problems(*pods, of=deployment(6, available=1, conditions=[PROGRESSING]))
    assert (download.reason, download.message, download.remedy) == (
        "ModelDownloadFailed",
        f"1 of 6 pods did not get the model in time: init container fetch has run since {CREATED}, and the progress "
        f"deadline passed at {at(1800)}.",
        "See whether it goes on; if it is merely slow, raise spec.model.size or spec.rollout.progressDeadlineSeconds: "
        "kubectl logs -n ml chat-7d9c-e -c fetch",
    )
    assert problem.message.endswith(
        f"passed at {at(1800)}; 1 pending, 1 running and not ready, 1 running init container fetch, "
        "2 waiting (ContainerCreating)."
    )


def test_where_pods_stand_is_not_told_of_those_that_come_and_go() -> None:
    """A pod that crashes waits and runs by turns, and each turn would be a new status."""
    crashed = ended(1)
    waits = {"name": "server", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": crashed}
    runs = {"name": "server", "state": {"running": {"startedAt": at(90)}}, "lastState": crashed}
    told = [
        problems(
            pod(statuses=[status], conditions=[condition("Ready", "False")], phase="Running", node="gpu-1"),
            of=deployment(1, conditions=[PROGRESSING]),
        )
        for status in (waits, runs)
    ]
    assert told[0] == told[1]
    assert [problem.reason for problem in told[0]] == ["CrashLooping", "ProgressDeadlineExceeded"]
