from dataclasses import replace

import pytest

from modelservice_operator.diagnose.evidence import questions
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import (
    CREATED,
    NOW,
    SPEC,
    at,
    condition,
    deployment,
    ended,
    event,
    node,
    nodes,
    pod,
    problems,
    ready,
    starting,
    waiting,
)

LOST = nodes(node("gpu-1", 8, ready=False))
HERE = nodes(node("gpu-1", 8))
OTHERS = nodes(node("gpu-2", 8))
TAINTED = condition("DisruptionTarget", "True", "DeletionByTaintManager", "Taint manager: deleting", since=at(90))
REPAIR = "Repair node gpu-1, or delete it so that its pods are replaced: kubectl describe node gpu-1"

TAINT = "node gpu-1 has a taint that removes its pods, as a node gets that is not ready"
NOT_READY = f"node gpu-1 is not ready since {at(30)}"
REMOVED = pod(node="gpu-1", conditions=[TAINTED], phase="Running")
SHUT_DOWN = pod(node="gpu-1", phase="Failed", reason="Terminated", message="Pod was terminated in response to ...")

BOUND = condition("PodScheduled", "True", since=at(-50, NOW))
"""The news of its node may be on its way."""
FAILED_BEFORE = pod(node="gpu-1", phase="Failed")

CASES: list[tuple[str, Pod, dict[str, Node], str]] = [
    ("not ready", starting(), LOST, NOT_READY),
    ("what the kubelet said before is old", waiting("ErrImagePull", "not found"), LOST, NOT_READY),
    ("gone", starting(), OTHERS, "node gpu-1 no longer exists"),
    ("a moment ago", pod(node="gpu-1", conditions=[BOUND], phase="Running"), OTHERS, ""),
    ("ready", starting(), HERE, ""),
    ("unknown: the operator may not read nodes", starting(), {}, ""),
    ("the pod still answers", ready(), LOST, ""),
    ("a node too new to be known", pod(node="gpu-1", phase="Pending"), OTHERS, ""),
    ("failed for good before", FAILED_BEFORE, LOST, ""),
    ("not bound yet", pod(phase="Pending", created=NOW), LOST, ""),
    ("removed by its taint, node unreadable", REMOVED, {}, TAINT),
    ("removed by its taint, node back", REMOVED, HERE, ""),
    ("marked by the node controller", pod(node="gpu-1", reason="NodeLost"), {}, "node gpu-1 is unresponsive"),
]


@pytest.mark.parametrize(("lost", "on", "detail"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_node_lost(lost: Pod, on: dict[str, Node], detail: str) -> None:
    told = [(problem.reason, problem.message, problem.remedy) for problem in problems(lost, on=on)]
    assert told == ([("NodeLost", f"1 of 1 pod cannot be reached: {detail}.", REPAIR)] if detail else [])


def test_pods_on_one_lost_node_are_one_problem() -> None:
    (problem,) = problems(starting("chat-7d9c-a"), starting("chat-7d9c-b"), on=LOST)
    assert (problem.pods, problem.since) == (2, at(30))


def test_a_pod_that_hangs_on_a_lost_node_counts_until_its_replacement_serves() -> None:
    crash = {"name": "server", "state": ended(1)}
    hanging = pod("chat-7d9c-a", node="gpu-1", conditions=[TAINTED], phase="Running", gone_by=CREATED, statuses=[crash])
    replacement = starting("chat-7d9c-b", created=at(91))
    assert [problem.reason for problem in problems(hanging, replacement, of=deployment(1), on=LOST)] == ["NodeLost"]
    assert problems(hanging, ready("chat-7d9c-b", created=at(91)), of=deployment(1), on=LOST) == ()
    assert problems(hanging, replacement, of=deployment(1), on=HERE | OTHERS) == ()


def test_a_node_that_shuts_down() -> None:
    (problem,) = problems(SHUT_DOWN, on=HERE)
    assert (problem.reason, problem.message, problem.remedy) == (
        "NodeShutdown",
        "1 of 1 pod got ended: node gpu-1 shuts down.",
        "Wait until the node is back, or add another one: kubectl describe node gpu-1",
    )


def test_preempted() -> None:
    target = condition(
        "DisruptionTarget", "True", "PreemptionByScheduler", "default-scheduler: preempting", since=at(9)
    )
    leaving = pod("chat-7d9c-a", node="gpu-1", conditions=[target], phase="Running", gone_by=CREATED)
    replacement = pod("chat-7d9c-b", created=at(10), phase="Pending", node="gpu-2")
    (problem,) = problems(leaving, replacement, of=deployment(1), on=HERE)
    assert (problem.reason, problem.message, problem.remedy, problem.since) == (
        "Preempted",
        "1 of 1 pod got preempted: a pod of higher priority took its place on node gpu-1.",
        "Wait for room, add a node, or give the pods a higher spec.placement.priorityClassName.",
        at(9),
    )
    assert problems(leaving, ready("chat-7d9c-b", created=at(10)), of=deployment(1), on=HERE) == ()


def test_a_device_that_does_not_work() -> None:
    sick = {"resourceID": "GPU-2", "health": "Unhealthy"}
    devices = {"name": "nvidia.com/gpu", "resources": [{"resourceID": "GPU-1", "health": "Healthy"}, sick]}
    status = {"name": "server", "state": {"running": {"startedAt": CREATED}}, "allocatedResourcesStatus": [devices]}
    holding = pod(statuses=[status], conditions=[condition("Ready", "False")], phase="Running", node="gpu-1")
    (problem,) = problems(holding, on=HERE)
    assert (problem.reason, problem.message, problem.remedy) == (
        "DeviceUnhealthy",
        "1 of 1 pod got a device that does not work: 1 nvidia.com/gpu on node gpu-1 is unhealthy.",
        "Take the node out of use and repair it: kubectl cordon gpu-1; then delete the pod.",
    )


TURNED_AWAY = [
    (
        pod(
            gpus=4,
            node="gpu-1",
            phase="Failed",
            reason="UnexpectedAdmissionError",
            message="Pod was rejected: Allocate failed due to requested number of devices unavailable for "
            "nvidia.com/gpu. Requested: 4, Available: 2, which is unexpected",
        ),
        "InsufficientAccelerators",
        "it needs 4 nvidia.com/gpu; the node has 2 to give.",
    ),
    (
        pod(
            gpus=1,
            node="gpu-1",
            phase="Failed",
            reason="UnexpectedAdmissionError",
            message="Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy "
            "devices nvidia.com/gpu, which is unexpected",
        ),
        "DeviceUnhealthy",
        "nvidia.com/gpu on node gpu-1: Allocate failed due to no healthy devices present; cannot allocate unhealthy "
        "devices nvidia.com/gpu, which is unexpected.",
    ),
    (
        pod(
            node="gpu-1",
            phase="Failed",
            reason="OutOfcpu",
            message="Pod was rejected: Node didn't have enough resource: cpu, requested: 4000, used: 900, "
            "capacity: 2000",
        ),
        "PodRejected",
        "OutOfcpu: Node didn't have enough resource: cpu, requested: 4000, used: 900, capacity: 2000.",
    ),
]


@pytest.mark.parametrize(("away", "reason", "detail"), TURNED_AWAY)
def test_turned_away_by_the_kubelet(away: Pod, reason: str, detail: str) -> None:
    (problem,) = problems(away)
    assert (problem.reason, problem.message) == (reason, f"1 of 1 pod got turned away by the chosen node: {detail}")
    assert problem.since == CREATED


def test_a_pod_that_failed_after_it_ran_was_not_turned_away() -> None:
    failed = pod(phase="Failed", reason="DeadlineExceeded", statuses=[{"name": "server", "state": ended(1)}])
    assert [problem.reason for problem in problems(failed)] == ["CrashLooping"]


@pytest.mark.parametrize(
    ("words", "detail", "remedy"),
    [
        (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 57Mi. Container server was "
            "using 20Gi, request is 16Gi, has larger consumption of memory. ",
            "node gpu-1 ran short of memory; container server used 20Gi and requests 16Gi",
            "Use nodes with more memory, serve a smaller model, or request what it really uses.",
        ),
        (
            "The node was low on resource: memory. ",
            "node gpu-1 ran short of memory",
            "Use nodes with more memory, serve a smaller model, or request what it really uses.",
        ),
        (
            "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 9Gi. ",
            "node gpu-1 ran short of ephemeral-storage",
            "Use nodes with more ephemeral-storage, serve a smaller model, or request what it really uses.",
        ),
        (
            "The node had condition: [DiskPressure]. ",
            "node gpu-1 is under DiskPressure",
            "Make room on the node, or use other nodes: kubectl describe node gpu-1",
        ),
        (
            'Usage of EmptyDir volume "cache" exceeds the limit "1Gi". ',
            'Usage of EmptyDir volume "cache" exceeds the limit "1Gi"',
            "Raise the limit that the message names, in spec.podTemplate, or serve a smaller model.",
        ),
        (
            "",
            "the kubelet does not say why",
            "Raise the limit that the message names, in spec.podTemplate, or serve a smaller model.",
        ),
    ],
)
def test_evicted(words: str, detail: str, remedy: str) -> None:
    (problem,) = problems(pod(node="gpu-1", phase="Failed", reason="Evicted", message=words))
    assert (problem.reason, problem.message, problem.remedy) == (
        "Evicted",
        f"1 of 1 pod got evicted: {detail}.",
        remedy,
    )


def test_an_eviction_of_a_server_that_obeys_stands_in_an_event_alone() -> None:
    """Its pod has "succeeded" then, and a pod that has is a server that somebody ended."""
    stopped = {"name": "server", "state": ended(0, "Completed")}
    told = event("Evicted", 'Usage of EmptyDir volume "w" exceeds the limit "16Mi". ')
    evicted = pod("chat-7d9c-a", node="gpu-1", phase="Succeeded", statuses=[stopped], events=[told])
    (problem,) = problems(evicted, of=deployment(1))
    assert (problem.reason, problem.message) == (
        "Evicted",
        '1 of 1 pod got evicted: Usage of EmptyDir volume "w" exceeds the limit "16Mi".',
    )
    assert problems(evicted, ready(created=at(60)), of=deployment(1)) == ()
    assert problems(replace(evicted, events=()), of=deployment(1)) == ()
    assert [question.kind for question in questions(evicted, SPEC, {}, NOW, output=True)] == ["events"]
