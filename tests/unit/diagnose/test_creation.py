import pytest

from unit.diagnose.builders import (
    at,
    condition,
    deployment,
    problems,
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
        "ServiceAccountNotFound",
        "ServiceAccount reader does not exist in namespace ml.",
        "Create ServiceAccount reader, or correct spec.serviceAccountName.",
    ),
    (
        FORBIDDEN + 'pod rejected: RuntimeClass "nvidia" not found',
        "RuntimeClassNotFound",
        "RuntimeClass nvidia does not exist.",
        "Create RuntimeClass nvidia, or correct spec.placement.runtimeClassName.",
    ),
    (
        FORBIDDEN + "no PriorityClass with name production was found",
        "PriorityClassNotFound",
        "PriorityClass production does not exist.",
        "Create PriorityClass production, or correct spec.placement.priorityClassName.",
    ),
    (
        FORBIDDEN
        + "[maximum cpu usage per Container is 1, but limit is 4, maximum memory usage per Container is 1Gi, but "
        "limit is 16Gi]",
        "LimitRangeViolation",
        "a LimitRange of namespace ml says maximum cpu usage per Container is 1, but limit is 4, maximum memory usage "
        "per Container is 1Gi, but limit is 16Gi.",
        "Set spec.resources to amounts within these bounds, or change the LimitRange: kubectl describe limitrange -n "
        "ml",
    ),
    (
        'Pod "chat-7d9c-x7k2p" is invalid: spec.containers[0].resources.requests: Invalid value: "16Gi": must be less '
        "than or equal to memory limit of 8Gi",
        "LimitRangeViolation",
        "they request 16Gi of memory, and namespace ml gives containers without a limit one of 8Gi.",
        "Lower spec.resources.requests.memory, or set spec.resources.limits.memory, as far as the LimitRange allows: "
        "kubectl describe limitrange -n ml",
    ),
    (
        'admission webhook "policy.example.com" denied the request: no GPUs on Fridays',
        "AdmissionDenied",
        'admission webhook "policy.example.com" denies them: no GPUs on Fridays.',
        "Change in the spec what the webhook names, or ask whoever runs it.",
    ),
    (
        'Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post '
        '"https://policy.default.svc:443/?timeout=10s": no endpoints available for service "policy"',
        "AdmissionDenied",
        'admission webhook "policy.example.com" does not answer: failed to call webhook: Post '
        '"https://policy.default.svc:443/?timeout=10s": no endpoints available for service "policy".',
        "Repair the webhook, which is asked for every pod: kubectl get "
        "validatingwebhookconfigurations,mutatingwebhookconfigurations",
    ),
    (
        FORBIDDEN
        + "ValidatingAdmissionPolicy 'gpu-limit' with binding 'gpu-limit' denied request: at most 4 GPUs per pod",
        "AdmissionDenied",
        "ValidatingAdmissionPolicy gpu-limit denies them: at most 4 GPUs per pod.",
        "Change in the spec what the policy names, or ask whoever made it.",
    ),
    (
        'Pod "chat-7d9c-x7k2p" is invalid: spec.containers[0].image: Required value',
        "ConfigInvalid",
        "the API server refuses them: spec.containers[0].image: Required value.",
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
