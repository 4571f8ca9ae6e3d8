"""What the Deployment itself says: pods that cannot even be created, and a rollout that takes too long."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.pod import Pod

_REFUSAL: Final = re.compile(r'^pods "[^"]*" is forbidden: ')
"""The API server's opening, with the generated name of a pod that never was."""

_QUOTA: Final = re.compile(r"exceeded quota: (?P<name>\S+), (?P<numbers>requested: .*)", re.DOTALL)
_QUOTA_DEMANDS: Final = re.compile(
    r"(?:failed quota: (?P<name>[^\s:]+): (?P<demand>.*)|insufficient quota .*)", re.DOTALL
)
_POD_SECURITY: Final = re.compile(r'violates PodSecurity "(?P<level>[^"]*)": (?P<violations>.*)', re.DOTALL)
_SERVICE_ACCOUNT: Final = re.compile(r'serviceaccount "(?P<name>[^"]+)" not found')
_LONGER: Final = 600
"""Characters of a text that lists everything a person has to change."""


def quota_exceeded(deployment: Deployment) -> Finding | None:
    """A ResourceQuota leaves no room, or demands something of pods that these do not have."""
    refusal = _refusal(deployment)
    namespace = deployment.namespace
    if quota := _QUOTA.search(refusal):
        detail = f"ResourceQuota {quota['name']} leaves no room ({quota['numbers']})"
        remedy = f"Raise ResourceQuota {quota['name']} in namespace {namespace}, or lower spec.replicas."
    elif quota := _QUOTA_DEMANDS.search(refusal):
        detail = f"ResourceQuota {quota['name']}: {quota['demand']}" if quota["name"] else quota[0]
        remedy = f"Set defaults by a LimitRange in namespace {namespace}, or change the ResourceQuota."
    else:
        return None
    return _uncreated(deployment, Reason.QUOTA_EXCEEDED, quotable(detail, _LONGER), remedy)


def pod_security_violation(deployment: Deployment) -> Finding | None:
    """The Pod Security level that the namespace enforces forbids something that the pods ask for."""
    violation = _POD_SECURITY.search(_refusal(deployment))
    if violation is None:
        return None
    return _uncreated(
        deployment,
        Reason.POD_SECURITY_VIOLATION,
        quotable(f"Pod Security level {violation['level']} forbids {violation['violations']}", _LONGER),
        "Use an image and a runtime that need less, or lower the label pod-security.kubernetes.io/enforce of namespace "
        f"{deployment.namespace}.",
    )


def pods_refused(deployment: Deployment) -> Finding | None:
    """The API server refuses the pods for any other reason: a missing ServiceAccount, a LimitRange, a webhook."""
    refusal = _refusal(deployment)
    if not refusal:
        return None
    if account := _SERVICE_ACCOUNT.search(refusal):
        return _uncreated(
            deployment,
            Reason.CONFIG_INVALID,
            f"ServiceAccount {account['name']} does not exist in namespace {deployment.namespace}",
            f"Create ServiceAccount {account['name']}, or correct spec.serviceAccountName.",
        )
    return _uncreated(
        deployment,
        Reason.CONFIG_INVALID,
        quotable(f"the API server refuses them: {refusal}", _LONGER),
        "Correct what the message names.",
    )


def deadline_exceeded(deployment: Deployment, pods: Iterable[Pod]) -> Finding | None:
    """The rollout made no progress for as long as the progress deadline allows; `pods` tell how far they came."""
    if not deployment.deadline_exceeded or deployment.complete or deployment.progressing is None:
        return None
    up = min(deployment.available_replicas, deployment.updated_replicas)
    return Finding(
        Reason.PROGRESS_DEADLINE_EXCEEDED,
        cause=(),
        happened="missed the progress deadline",
        detail=f"it passed at {deployment.progressing.since}{_halted(pods)}",
        remedy="Repair what the other problems name; if there are none, the model may only load slowly: set model.size "
        "or raise spec.rollout.progressDeadlineSeconds, and start anew by spec.rollout.restart.",
        since=deployment.progressing.since,
        pods=max(1, deployment.wanted_replicas - up),
    )


def _halted(pods: Iterable[Pod]) -> str:
    """Where the pods that are not ready stand, as a clause; empty without such pods."""
    stands = Counter(_stand(pod) for pod in pods if not pod.ready)
    return "; " + ", ".join(f"{count} {stand}" for stand, count in sorted(stands.items())) if stands else ""


def _stand(pod: Pod) -> str:
    """How far one pod came: what holds its first container that does not run, or that they all run."""
    for container in pod.containers:
        if container.waiting is not None and container.waiting.reason != "PodInitializing":
            return quotable(f"waiting ({container.waiting.reason})")
        if container.init and container.running_since:
            return quotable(f"running init container {container.name}")
    return "running and not ready" if pod.phase == "Running" else (pod.phase or "Pending").lower()


def _refusal(deployment: Deployment) -> str:
    """Why pods could not be created; empty if they could."""
    condition = deployment.replica_failure
    if condition is None or condition.reason != "FailedCreate" or not deployment.observed:
        return ""
    return _REFUSAL.sub("", condition.message) or condition.reason


def _uncreated(deployment: Deployment, reason: Reason, detail: str, remedy: str) -> Finding:
    condition = deployment.replica_failure
    return Finding(
        reason,
        cause=(),
        happened="cannot be created",
        detail=detail,
        remedy=remedy,
        since=condition.since if condition is not None else "",
        pods=max(1, deployment.wanted_replicas - deployment.replicas),
    )
