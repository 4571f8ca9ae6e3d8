"""The rollout of a Deployment takes too long, or cannot go on."""

from collections import Counter
from collections.abc import Iterable

from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.process import logs_command
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.pod import Pod

_NO_ROOM = frozenset({Reason.INSUFFICIENT_ACCELERATORS, Reason.INSUFFICIENT_RESOURCES, Reason.QUOTA_EXCEEDED})


def blocked(deployment: Deployment, pods: Iterable[Pod], findings: Iterable[Finding]) -> Finding | None:
    """Pods of the new revision find no room, while those of the old one, which they would replace, hold it.

    Args:
        deployment: the service's Deployment.
        pods: all its pods.
        findings: what was found of the pods of the new revision.
    """
    stuck = [finding for finding in findings if finding.reason in _NO_ROOM]
    old = [pod for pod in pods if pod.controlled and not pod.deleting and pod.revision != deployment.revision]
    serving = sum(pod.ready for pod in old)
    if not stuck or not serving:
        return None
    return Finding(
        Reason.ROLLOUT_BLOCKED,
        cause=(),
        happened="cannot replace the old revision",
        need=stuck[0].need,
        detail=f"new pods start beside the old ones, {serving} of which still serve and hold what they need",
        remedy="Add what the first problem names, or set spec.rollout.strategy to Replace: an old pod is then stopped "
        "before a new one starts.",
        since=min((finding.since for finding in stuck if finding.since), default=""),
        pods=sum(finding.pods for finding in stuck),
    )


def download_too_slow(deployment: Deployment, pod: Pod) -> Finding | None:
    """An init container still fetches the model when the progress deadline has passed."""
    fetching = next((container for container in pod.containers if container.init and container.running_since), None)
    if fetching is None or deployment.progressing is None or not _is_late(deployment):
        return None
    return Finding(
        Reason.MODEL_DOWNLOAD_FAILED,
        cause=(fetching.name,),
        happened="did not get the model in time",
        detail=f"init container {fetching.name} has run since {fetching.running_since}, and the progress deadline "
        f"passed at {deployment.progressing.since}",
        remedy="See whether it goes on; if it is merely slow, raise spec.model.size or "
        f"spec.rollout.progressDeadlineSeconds: {logs_command(pod, fetching)}",
        since=fetching.running_since,
        pod=pod.name,
    )


def deadline_exceeded(deployment: Deployment, pods: Iterable[Pod]) -> Finding | None:
    """The rollout made no progress for as long as the progress deadline allows; `pods` tell how far they came."""
    if deployment.progressing is None or not _is_late(deployment):
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


def _is_late(deployment: Deployment) -> bool:
    return deployment.deadline_exceeded and not deployment.complete


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
