"""Which pods count, and what comes first."""

import pytest

from modelservice_operator.diagnose.explain import explain
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import (
    HASH,
    NOW,
    OLD_HASH,
    SPEC,
    at,
    condition,
    deployment,
    ended,
    labelled,
    pod,
    problems,
    ready,
    starting,
    unscheduled,
    waiting,
)

NO_IMAGE = waiting("ErrImagePull", "not found", name="chat-7d9c-b")
OLD_NO_IMAGE = waiting("ErrImagePull", "not found", revision="r0", template_hash=OLD_HASH)
OLD_READY = ready(revision="r0", template_hash=OLD_HASH)
LEAVING = waiting("ErrImagePull", "not found", gone_by=at(0))
FINISHED = pod(phase="Succeeded", statuses=[{"name": "server", "state": ended(1)}])


def evicted(name: str = "chat-7d9c-e", *, second: int = 60, revision: str = "r1", template_hash: str = HASH) -> Pod:
    return pod(
        name,
        phase="Failed",
        reason="Evicted",
        message='Usage of EmptyDir volume "cache" exceeds the limit "1Gi". ',
        conditions=[condition("Ready", "False", since=at(second))],
        node="gpu-1",
        revision=revision,
        template_hash=template_hash,
    )


WHO_COUNTS = [
    ("nobody", [], deployment(1), []),
    ("a pod that serves", [ready()], deployment(1, available=1), []),
    ("a pod that starts", [starting()], deployment(1), []),
    ("a pod of the current revision", [OLD_READY, NO_IMAGE], deployment(1, available=1, replicas=2), ["ImageNotFound"]),
    ("the old revision is being repaired", [OLD_NO_IMAGE, starting()], deployment(1, replicas=2, updated=1), []),
    ("the old revision is all there is yet", [OLD_NO_IMAGE], deployment(1), ["ImageNotFound"]),
    ("without a Deployment", [NO_IMAGE], None, ["ImageNotFound"]),
    ("nothing is wanted", [NO_IMAGE], deployment(0, replicas=1), []),
    ("a pod on its way out", [LEAVING, starting()], deployment(1), []),
    ("a pod that finished", [FINISHED], deployment(1), []),
    ("an evicted pod whose replacement starts", [evicted(), starting(created=at(61))], deployment(1), ["Evicted"]),
    ("an evicted pod that is not replaced yet", [evicted()], deployment(1, replicas=0), ["Evicted"]),
    ("an evicted pod beside an older one", [evicted(), ready()], deployment(2, available=1), ["Evicted"]),
    ("an evicted pod whose replacement serves", [evicted(), ready(created=at(61))], deployment(2, available=1), []),
    ("an evicted pod of long ago", [evicted(), starting(created=at(600_000))], deployment(1), []),
    ("an evicted pod while all is well", [evicted(), ready()], deployment(1, available=1), []),
    ("an evicted pod of an old revision", [evicted(revision="r0"), starting(created=at(61))], deployment(1), []),
]  # fmt: skip


@pytest.mark.parametrize(("pods", "of", "reasons"), [row[1:] for row in WHO_COUNTS], ids=[row[0] for row in WHO_COUNTS])
def test_who_counts(pods: list[Pod], of: Deployment | None, reasons: list[str]) -> None:
    assert [problem.reason for problem in explain(SPEC, pods, of, {}, NOW)] == reasons


def test_labels_are_no_proof() -> None:
    stranger = labelled({"metadata": {"name": "x"}, "status": {"conditions": [condition("PodScheduled", "False")]}})
    assert len(problems(Pod.from_manifest(stranger))) == 1
    stranger["metadata"]["ownerReferences"] = []
    assert problems(Pod.from_manifest(stranger)) == ()


def test_remains_are_never_more_than_the_pods_that_are_wanted() -> None:
    many = [evicted(f"chat-7d9c-{number}") for number in range(7)]
    (problem,) = problems(*many, starting("chat-7d9c-s", created=at(61)), of=deployment(2))
    assert problem.message.startswith("2 of 2 pods got evicted: ")


def test_a_failure_by_which_pods_end_again_and_again_is_one_problem_at_any_time() -> None:
    first, second = evicted("chat-7d9c-1", second=60), evicted("chat-7d9c-2", second=300)
    moments = [
        [first],
        [first, starting("chat-7d9c-2", created=at(61))],
        [first, second],
        [first, second, pod("chat-7d9c-3", created=at(301), phase="Pending")],
    ]
    told = [[(problem.reason, problem.pods) for problem in problems(*pods, of=deployment(1))] for pods in moments]
    assert told == [[("Evicted", 1)]] * 4


def test_the_worst_comes_first_and_the_deadline_last() -> None:
    late = condition("Progressing", "False", "ProgressDeadlineExceeded")
    pods = [
        unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", gpus=1),
        pod("chat-7d9c-b", statuses=[{"name": "server", "state": ended(1)}], phase="Running"),
        waiting("CreateContainerConfigError", 'secret "token" not found', name="chat-7d9c-c"),
    ]
    assert [problem.reason for problem in problems(*pods, of=deployment(3, conditions=[late]))] == [
        "SecretNotFound",
        "CrashLooping",
        "InsufficientAccelerators",
        "ProgressDeadlineExceeded",
    ]
