"""No node takes a pod."""

import re
from collections.abc import Mapping
from typing import Final

from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.scheduler import Verdict, read_verdict
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.condition import Condition
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod

_CLAIM: Final = re.compile(r'persistentvolumeclaim "([^"]+)" (not found|is being deleted|bound to non-existent)')
_CLAIM_STATES: Final = {
    "not found": "does not exist",
    "is being deleted": "is being deleted",
    "bound to non-existent": "is bound to a PersistentVolume that does not exist",
}
_UNBOUND: Final = "unbound immediate PersistentVolumeClaims"


def gated(pod: Pod) -> Finding | None:
    """Someone, such as a queue, has not let the pod through to the scheduler yet."""
    if pod.unscheduled is None or pod.unscheduled.reason != "SchedulingGated":
        return None
    gates = ", ".join(sorted(pod.scheduling_gates)) or "unknown"
    return _finding(
        pod,
        pod.unscheduled,
        Reason.UNSCHEDULABLE,
        cause=gates,
        detail=f"scheduling gate {quotable(gates)} is closed",
        remedy="Ask whoever owns the gate, usually a queue: it removes the gate when it is the pod's turn.",
    )


def claim_unusable(pod: Pod) -> Finding | None:
    """A PersistentVolumeClaim that the pod mounts is missing or has no volume."""
    if pod.unscheduled is None:
        return None
    message = pod.unscheduled.message
    if claim := _CLAIM.search(message):
        name, state = claim[1], _CLAIM_STATES[claim[2]]
        remedy = f"Create PersistentVolumeClaim {name} in namespace {pod.namespace}, or correct spec.model.uri."
    elif _UNBOUND in message:
        # The claim of an ephemeral volume has the name of the pod in its own.
        name, state = " or ".join(sorted(pod.claims)) or "of an ephemeral volume", "is not bound to a volume"
        remedy = f"See why: {' '.join(['kubectl describe pvc -n', pod.namespace, *sorted(pod.claims)])}"
    else:
        return None
    return _finding(
        pod,
        pod.unscheduled,
        Reason.UNSCHEDULABLE,
        cause=name,
        detail=f"PersistentVolumeClaim {quotable(name)} {state}",
        remedy=remedy,
    )


def accelerators_insufficient(pod: Pod, nodes: Mapping[str, Node], accelerator: str | None) -> Finding | None:
    """The devices are what no node has enough of, free or at all.

    Args:
        pod: the pod.
        nodes: all nodes; empty where the operator may not read them.
        accelerator: the extended resource that spec.accelerator stands for; None without one.
    """
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    for resource, count in pod.devices:
        lacking = verdict.insufficient(resource)
        if not lacking:
            # Another cause stands before the devices, or they come from a ResourceClaim.
            continue
        answer = _shortage(verdict, resource, count, nodes, field=resource == accelerator)
        if answer is not None:
            detail, remedy = answer
            return _finding(
                pod,
                pod.unscheduled,
                Reason.INSUFFICIENT_ACCELERATORS,
                cause=f"{count} {resource}",
                need=f"needs {count} {resource}",
                detail=detail,
                remedy=remedy,
            )
    return None


def unschedulable(pod: Pod) -> Finding | None:
    """Whatever else the scheduler says."""
    if pod.unscheduled is None:
        return None
    verdict = read_verdict(pod.unscheduled.message)
    return _finding(
        pod,
        pod.unscheduled,
        Reason.UNSCHEDULABLE,
        cause="",
        detail=quotable(verdict.digest()) or "the scheduler does not say why",
        remedy=f"Compare what the pod asks for with the nodes: kubectl describe pod -n {pod.namespace} {pod.name}",
    )


def _finding(
    pod: Pod, condition: Condition, reason: Reason, *, cause: str, detail: str, remedy: str, need: str = ""
) -> Finding:
    return Finding(
        reason,
        cause=(cause,),
        happened="cannot be scheduled",
        need=need,
        detail=detail,
        remedy=remedy,
        since=condition.since or pod.created_at,
        pod=pod.name,
    )


def _shortage(
    verdict: Verdict, resource: str, count: int, nodes: Mapping[str, Node], *, field: bool
) -> tuple[str, str] | None:
    """What is short, and what to do; None where the devices may not be what keeps the pod off the nodes."""
    lacking = verdict.insufficient(resource)
    share = verdict.on(f"Insufficient {resource}", lacking)
    if not nodes:
        if lacking < verdict.nodes:
            return None
        return f"no node has that many free ({share})", _free_some(resource, count)
    offers = {name: node.allocatable[resource] for name, node in nodes.items() if resource in node.allocatable}
    largest = max(offers.values(), default=0)
    if largest == 0:
        return f"no node offers {resource}", f"Add a node with {resource}, or see that its device plugin runs."
    if largest < count:
        lower = f"Lower {'spec.accelerator.count' if field else f'the limit of {resource}'} to at most {largest}"
        return f"the largest node has {largest} ({share})", f"{lower}, or add a larger node."
    large = [name for name, offer in offers.items() if offer >= count]
    open_to_pods = [name for name in large if nodes[name].ready and not nodes[name].unschedulable]
    # The scheduler names no nodes. Those that give another reason must all be such as are no candidates anyway.
    if not open_to_pods or verdict.nodes - lacking > len(nodes) - len(open_to_pods):
        return None
    who = f"all {len(large)} nodes" if len(large) > 1 else "the only node"
    return f"too few are free on {who} with {count} or more ({quotable(verdict.digest())})", _free_some(resource, count)


def _free_some(resource: str, count: int) -> str:
    return f"Free {resource} that others hold, lower spec.replicas, or add a node with at least {count}."
