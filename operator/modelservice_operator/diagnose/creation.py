"""Pods cannot be created: the API server refuses what the Deployment's controller sends."""

import re
from typing import Final

from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.deployment import Deployment

_REFUSAL: Final = re.compile(r'^(?:pods "[^"]*" is forbidden|Pod "[^"]*" is invalid): ')
"""The API server's opening, with the generated name of a pod that never was."""

_QUOTA: Final = re.compile(r"exceeded quota: (?P<name>\S+), (?P<numbers>requested: .*)", re.DOTALL)
_QUOTA_DEMANDS: Final = re.compile(
    r"(?:failed quota: (?P<name>[^\s:]+): (?P<demand>.*)|insufficient quota .*)", re.DOTALL
)
_POD_SECURITY: Final = re.compile(r'violates PodSecurity "(?P<level>[^"]*)": (?P<violations>.*)', re.DOTALL)
_LIMIT_RANGE: Final = re.compile(r"(?:maximum|minimum) \S+ usage per|\S+ max limit to request ratio per", re.IGNORECASE)
# Kubernetes 1.36, pkg/apis/core/validation/validation.go, ValidateContainerResourceRequirements.
_OVER_LIMIT: Final = re.compile(
    r'Invalid value: "?(?P<request>[^":]+)"?: must be less than or equal to (?P<resource>\S+) limit of '
    r"(?P<limit>[\w.]+)"
)
_WEBHOOK: Final = re.compile(r'admission webhook "(?P<name>[^"]+)" denied the request(?:: (?P<words>.*))?', re.DOTALL)
_WEBHOOK_DOWN: Final = re.compile(r'failed calling webhook "(?P<name>[^"]+)": (?P<words>.*)', re.DOTALL)
_POLICY: Final = re.compile(r"ValidatingAdmissionPolicy '(?P<name>[^']+)'.*? denied request: (?P<words>.*)", re.DOTALL)
_ABSENT: Final = (
    (
        re.compile(r'serviceaccount "(?P<name>[^"]+)" not found'),
        Reason.SERVICE_ACCOUNT_NOT_FOUND,
        "ServiceAccount",
        "spec.serviceAccountName",
    ),
    (
        re.compile(r'RuntimeClass "(?P<name>[^"]+)" not found'),
        Reason.RUNTIME_CLASS_NOT_FOUND,
        "RuntimeClass",
        "spec.placement.runtimeClassName",
    ),
    (
        re.compile(r"no PriorityClass with name (?P<name>\S+) was found"),
        Reason.PRIORITY_CLASS_NOT_FOUND,
        "PriorityClass",
        "spec.placement.priorityClassName",
    ),
)
_LONGER: Final = 600
"""Characters of a text that lists everything a person has to change."""


def pods_refused(deployment: Deployment) -> Finding | None:
    """Why pods could not be created, if they could not."""
    refusal = _refusal(deployment)
    if not refusal:
        return None
    return (
        _quota_exceeded(deployment, refusal)
        or _pod_security_violation(deployment, refusal)
        or _limit_range_violation(deployment, refusal)
        or _limit_by_default(deployment, refusal)
        or _something_absent(deployment, refusal)
        or _admission_denied(deployment, refusal)
        or _uncreated(
            deployment,
            Reason.CONFIG_INVALID,
            f"the API server refuses them: {refusal}",
            "Correct what the message names.",
        )
    )


def _quota_exceeded(deployment: Deployment, refusal: str) -> Finding | None:
    """A ResourceQuota leaves no room, or demands something of pods that these do not have."""
    namespace = deployment.namespace
    if quota := _QUOTA.search(refusal):
        detail = f"ResourceQuota {quota['name']} leaves no room ({quota['numbers']})"
        fewer = ", or lower spec.replicas" if deployment.wanted_replicas > 1 else ""
        remedy = f"Raise ResourceQuota {quota['name']} in namespace {namespace}{fewer}."
    elif quota := _QUOTA_DEMANDS.search(refusal):
        detail = f"ResourceQuota {quota['name']}: {quota['demand']}" if quota["name"] else quota[0]
        remedy = f"Set defaults by a LimitRange in namespace {namespace}, or change the ResourceQuota."
    else:
        return None
    return _uncreated(deployment, Reason.QUOTA_EXCEEDED, detail, remedy)


def _pod_security_violation(deployment: Deployment, refusal: str) -> Finding | None:
    """The Pod Security level that the namespace enforces forbids something that the pods ask for."""
    violation = _POD_SECURITY.search(refusal)
    if violation is None:
        return None
    return _uncreated(
        deployment,
        Reason.POD_SECURITY_VIOLATION,
        f"Pod Security level {violation['level']} forbids {violation['violations']}",
        "Use an image and a runtime that need less, or lower the label pod-security.kubernetes.io/enforce of namespace "
        f"{deployment.namespace}.",
    )


def _limit_range_violation(deployment: Deployment, refusal: str) -> Finding | None:
    """A LimitRange sets bounds that the pods' requests or limits are not within."""
    if not _LIMIT_RANGE.search(refusal):
        return None
    return _uncreated(
        deployment,
        Reason.LIMIT_RANGE_VIOLATION,
        f"a LimitRange of namespace {deployment.namespace} says {refusal.strip('[]')}",
        "Set spec.resources to amounts within these bounds, or change the LimitRange: "
        f"kubectl describe limitrange -n {deployment.namespace}",
    )


def _limit_by_default(deployment: Deployment, refusal: str) -> Finding | None:
    """The pods request more than a limit that they got on their way in.

    A limit of our own is none of these: the API server would have refused the Deployment.
    """
    over = _OVER_LIMIT.search(refusal)
    if over is None:
        return None
    namespace, resource = deployment.namespace, over["resource"]
    return _uncreated(
        deployment,
        Reason.LIMIT_RANGE_VIOLATION,
        f"they request {over['request']} of {resource}, and namespace {namespace} gives containers without a limit one "
        f"of {over['limit']}",
        f"Lower spec.resources.requests.{resource}, or set spec.resources.limits.{resource}, as far as the LimitRange "
        f"allows: kubectl describe limitrange -n {namespace}",
    )


def _something_absent(deployment: Deployment, refusal: str) -> Finding | None:
    """An object that the pods refer to, and that admission looks up, does not exist."""
    for pattern, reason, kind, field in _ABSENT:
        if absent := pattern.search(refusal):
            where = f" in namespace {deployment.namespace}" if reason is Reason.SERVICE_ACCOUNT_NOT_FOUND else ""
            return _uncreated(
                deployment,
                reason,
                f"{kind} {absent['name']} does not exist{where}",
                f"Create {kind} {absent['name']}, or correct {field}.",
            )
    return None


def _admission_denied(deployment: Deployment, refusal: str) -> Finding | None:
    """A webhook or policy of the cluster denies the pods, or a webhook does not answer."""
    if denial := _WEBHOOK.search(refusal):
        detail = f'admission webhook "{denial["name"]}" denies them: {denial["words"] or "without a word"}'
        remedy = "Change in the spec what the webhook names, or ask whoever runs it."
    elif denial := _WEBHOOK_DOWN.search(refusal):
        detail = f'admission webhook "{denial["name"]}" does not answer: {denial["words"]}'
        remedy = "Repair the webhook, which is asked for every pod: kubectl get validatingwebhookconfigurations,"
        remedy += "mutatingwebhookconfigurations"
    elif denial := _POLICY.search(refusal):
        detail = f"ValidatingAdmissionPolicy {denial['name']} denies them: {denial['words']}"
        remedy = "Change in the spec what the policy names, or ask whoever made it."
    else:
        return None
    return _uncreated(deployment, Reason.ADMISSION_DENIED, detail, remedy)


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
        detail=quotable(detail, _LONGER),
        remedy=remedy,
        since=condition.since if condition is not None else "",
        pods=max(1, deployment.wanted_replicas - deployment.replicas),
    )
