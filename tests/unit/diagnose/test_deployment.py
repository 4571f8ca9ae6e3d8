import pytest

from modelservice_operator.records.deployment import Deployment
from unit.diagnose.builders import (
    CREATED,
    at,
    condition,
    deployment,
    ended,
    pod,
    problems,
    ready,
    starting,
    waiting,
)

FORBIDDEN = 'pods "chat-7d9c-x7k2p" is forbidden: '
PROGRESSING = condition(
    "Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "chat-7d9c" has timed out', at(1800)
)

REFUSALS = [
    # what the API server said, reason, the message after "2 of 2 pods cannot be created: ", remedy
    (
        FORBIDDEN
        + "exceeded quota: gpus, requested: requests.nvidia.com/gpu=8, used: requests.nvidia.com/gpu=4, limited: "
        "requests.nvidia.com/gpu=8",
        "QuotaExceeded",
        "ResourceQuota gpus leaves no room (requested: requests.nvidia.com/gpu=8, used: requests.nvidia.com/gpu=4, "
        "limited: requests.nvidia.com/gpu=8).",
        "Raise ResourceQuota gpus in namespace ml, or lower spec.replicas.",
    ),
    (
        FORBIDDEN + "failed quota: compute: must specify limits.memory for: server",
        "QuotaExceeded",
        "ResourceQuota compute: must specify limits.memory for: server.",
        "Set defaults by a LimitRange in namespace ml, or change the ResourceQuota.",
    ),
    (
        FORBIDDEN + "insufficient quota to consume: requests.nvidia.com/gpu",
        "QuotaExceeded",
        "insufficient quota to consume: requests.nvidia.com/gpu.",
        "Set defaults by a LimitRange in namespace ml, or change the ResourceQuota.",
    ),
    (
        FORBIDDEN
        + 'violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "server" must set '
        "securityContext.runAsNonRoot=true)",
        "PodSecurityViolation",
        'Pod Security level restricted:latest forbids runAsNonRoot != true (pod or container "server" must set '
        "securityContext.runAsNonRoot=true).",
        "Use an image and a runtime that need less, or lower the label pod-security.kubernetes.io/enforce of "
        "namespace ml.",
    ),
    (
        FORBIDDEN + 'error looking up service account ml/reader: serviceaccount "reader" not found',
        "ConfigInvalid",
        "ServiceAccount reader does not exist in namespace ml.",
        "Create ServiceAccount reader, or correct spec.serviceAccountName.",
    ),
    (
        'admission webhook "policy.example.com" denied the request: no GPUs on Fridays',
        "ConfigInvalid",
        'the API server refuses them: admission webhook "policy.example.com" denied the request: no GPUs on Fridays.',
        "Correct what the message names.",
    ),
]


@pytest.mark.parametrize(("words", "reason", "message", "remedy"), REFUSALS)
def test_pods_that_cannot_be_created(words: str, reason: str, message: str, remedy: str) -> None:
    failure = condition("ReplicaFailure", "True", "FailedCreate", words, since=at(5))
    (problem,) = problems(of=deployment(2, replicas=0, conditions=[failure]))
    assert (problem.reason, problem.message, problem.remedy, problem.pods, problem.since) == (
        reason,
        f"2 of 2 pods cannot be created: {message}",
        remedy,
        2,
        at(5),
    )


def test_a_surge_pod_that_cannot_be_created_is_one() -> None:
    failure = condition("ReplicaFailure", "True", "FailedCreate", FORBIDDEN + "exceeded quota: q, requested: pods=1")
    (problem,) = problems(ready(revision="r0"), of=deployment(1, available=1, updated=0, conditions=[failure]))
    assert (problem.reason, problem.pods) == ("QuotaExceeded", 1)


@pytest.mark.parametrize(
    "told",
    [
        condition("ReplicaFailure", "True", "FailedDelete", FORBIDDEN),
        condition("ReplicaFailure", "False", "FailedCreate", FORBIDDEN),
        condition("Progressing", "True", "ReplicaSetUpdated"),
        condition("Progressing", "Unknown", "DeploymentPaused"),
    ],
)
def test_conditions_that_are_no_problem(told: dict[str, str]) -> None:
    assert problems(of=deployment(2, replicas=0, conditions=[told])) == ()


def test_conditions_about_an_earlier_spec_are_not_believed() -> None:
    failure = condition("ReplicaFailure", "True", "FailedCreate", FORBIDDEN)
    assert problems(of=deployment(2, replicas=0, conditions=[failure, PROGRESSING], observed=False)) == ()


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
        pod("chat-7d9c-d", phase="Pending"),
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
    (problem,) = problems(*pods, of=deployment(6, available=1, conditions=[PROGRESSING]))
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
