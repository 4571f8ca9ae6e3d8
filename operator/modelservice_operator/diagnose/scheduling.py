"""No node takes a pod, for a reason that is not about the nodes' devices, CPU, memory, labels or taints."""

import re
from datetime import timedelta
from typing import Final

from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.moments import between
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.scheduler import read_verdict
from modelservice_operator.diagnose.unplaced import unplaced
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.condition import Condition
from modelservice_operator.records.pod import Pod

PATIENCE: Final = timedelta(seconds=30)
"""Until a scheduler counts as absent: one that runs places thousands of pods in less."""
_USUAL_SCHEDULER: Final = "default-scheduler"
_CLAIM: Final = re.compile(r'persistentvolumeclaim "([^"]+)" (not found|is being deleted|bound to non-existent)')
_CLAIM_STATES: Final = {
    "not found": (Reason.VOLUME_CLAIM_NOT_FOUND, "does not exist"),
    "is being deleted": (Reason.VOLUME_UNAVAILABLE, "is being deleted"),
    "bound to non-existent": (Reason.VOLUME_UNAVAILABLE, "is bound to a PersistentVolume that does not exist"),
}
_UNBOUND: Final = "unbound immediate PersistentVolumeClaims"
_OUT_OF_REACH: Final = re.compile(
    "volume node affinity conflict|available persistent volumes to bind|no available volume zone|available volume zone"
    "|exceed max volume count|ReadWriteOncePod|enough free storage|non-existent|pvc",
    re.IGNORECASE,
)
_DEVICE_CLAIM: Final = re.compile(r"allocate all claims|resource ?claim|allocat\w* devices", re.IGNORECASE)
_BETWEEN_PODS: Final = re.compile(r"topology spread constraints|pod (?:anti-)?affinity|pods? anti-affinity")
_PASSING: Final = re.compile(
    "waiting for ephemeral volume controller|ResourceClaim not created yet|running PreBind plugin|optimistic lock"
    "|the object has been modified"
)
_PODS: Final = re.compile("Too many pods")


def is_passing(condition: Condition) -> bool:
    """Nothing is wrong: controllers have yet to make what the pod refers to, or the scheduler tries again at once."""
    return _PASSING.search(condition.message) is not None


def unattended(pod: Pod, now: str) -> Finding | None:
    """No scheduler has said a word about the pod: the one that it asks for by name does not run."""
    passed = between(pod.created_at, now) if is_unattended(pod) else None
    if passed is None or passed < PATIENCE:
        return None
    if pod.scheduler in {"", _USUAL_SCHEDULER}:
        remedy = "See that the scheduler of the cluster runs: kubectl get pods -n kube-system"
    else:
        remedy = "Correct spec.placement.schedulerName, or leave it out for the usual one, or see that this one runs."
    return unplaced(
        pod,
        Reason.SCHEDULER_NOT_FOUND,
        cause=pod.scheduler,
        detail=f"nothing is heard of scheduler {quotable(pod.scheduler) or _USUAL_SCHEDULER}",
        remedy=remedy,
    )


def is_unattended(pod: Pod) -> bool:
    """The pod has no node, and no condition says whether anybody looks for one."""
    decided = bool(pod.node or pod.scheduled_at) or pod.unscheduled is not None
    there = any(c.waiting or c.running_since or c.terminated or c.last_terminated for c in pod.containers)
    return not decided and not there and pod.phase in {"", "Pending"}


def gated(pod: Pod) -> Finding | None:
    """Someone, such as a queue, has not let the pod through to the scheduler yet."""
    if pod.unscheduled is None or pod.unscheduled.reason != "SchedulingGated":
        return None
    gates = ", ".join(sorted(pod.scheduling_gates)) or "unknown"
    queue = f" (queue {quotable(pod.queue)})" if pod.queue else ""
    return unplaced(
        pod,
        Reason.SCHEDULING_GATED,
        cause=gates,
        detail=f"scheduling gate {quotable(gates)} is closed{queue}",
        remedy=f"See why its turn has not come: kubectl get workloads.kueue.x-k8s.io -n {pod.namespace}"
        if pod.queue
        else "Ask whoever owns the gate, usually a queue: it removes the gate when it is the pod's turn.",
    )


def claim_unusable(pod: Pod) -> Finding | None:
    """A PersistentVolumeClaim that the pod mounts is missing or has no volume."""
    if pod.unscheduled is None:
        return None
    message = pod.unscheduled.message
    if claim := _CLAIM.search(message):
        reason, state = _CLAIM_STATES[claim[2]]
        name = claim[1]
        remedy = f"Create PersistentVolumeClaim {name} in namespace {pod.namespace}, or correct spec.model.uri."
    elif _UNBOUND in message:
        # The claim of an ephemeral volume has the name of the pod in its own.
        reason, state = Reason.VOLUME_UNAVAILABLE, "is not bound to a volume"
        name = " or ".join(sorted(pod.claims)) or "of an ephemeral volume"
        remedy = f"See why: {_describe_claims(pod)}"
    else:
        return None
    return unplaced(pod, reason, cause=name, detail=f"PersistentVolumeClaim {quotable(name)} {state}", remedy=remedy)


def volume_out_of_reach(pod: Pod) -> Finding | None:
    """The volume of a claim is bound to other nodes than those that could run the pod, or nodes hold enough volumes."""
    answer = _matching(pod, _OUT_OF_REACH)
    if answer is None:
        return None
    names = " or ".join(sorted(pod.claims))
    whose = f"PersistentVolumeClaim {quotable(names)}: " if names else ""
    return unplaced(
        pod,
        Reason.VOLUME_UNAVAILABLE,
        cause=names,
        detail=f"{whose}{answer}",
        remedy="Use a volume that the nodes with the devices reach, such as one of access mode ReadWriteMany or of the "
        f"same zone: {_describe_claims(pod)}",
    )


def device_claim_pending(pod: Pod) -> Finding | None:
    """A ResourceClaim (dynamic resource allocation) is missing, in use, or satisfied by no device."""
    return _said(
        pod,
        _DEVICE_CLAIM,
        Reason.DEVICE_CLAIM_PENDING,
        "Compare the claim with the devices that there are: "
        f"kubectl get resourceclaims -n {pod.namespace}; kubectl get resourceslices",
    )


def topology_unsatisfiable(pod: Pod) -> Finding | None:
    """Rules on how pods spread, or keep together or apart, leave no node."""
    return _said(
        pod,
        _BETWEEN_PODS,
        Reason.TOPOLOGY_UNSATISFIABLE,
        "Loosen spec.placement.affinity, or topologySpreadConstraints in spec.podTemplate, or add nodes.",
    )


def too_many_pods(pod: Pod) -> Finding | None:
    """The kubelets run as many pods as they are set to."""
    return _said(
        pod,
        _PODS,
        Reason.TOO_MANY_PODS,
        "Add a node, remove pods that nobody needs, or raise maxPods of the kubelets.",
    )


def unschedulable(pod: Pod) -> Finding | None:
    """Whatever else the scheduler says."""
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    return unplaced(
        pod,
        Reason.UNSCHEDULABLE,
        cause="",
        detail=quotable(verdict.digest()) or "the scheduler does not say why",
        remedy=f"Compare what the pod asks for with the nodes: kubectl describe pod -n {pod.namespace} {pod.name}",
    )


def _said(pod: Pod, pattern: re.Pattern[str], reason: Reason, remedy: str) -> Finding | None:
    answer = _matching(pod, pattern)
    return unplaced(pod, reason, cause="", detail=answer, remedy=remedy) if answer is not None else None


def _matching(pod: Pod, pattern: re.Pattern[str]) -> str | None:
    """The scheduler's reasons, if the pattern is found in one of them: that one first."""
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    return quotable(verdict.digest(pattern)) if verdict.saying(pattern) else None


def _describe_claims(pod: Pod) -> str:
    return " ".join(["kubectl describe pvc -n", pod.namespace, *sorted(pod.claims)])
