"""The node of a pod is lost, or has turned the pod away."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from modelservice_operator.diagnose.failure import failing_since
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.moments import between
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod

PREEMPTED: Final = "PreemptionByScheduler"
"""Reason of `DisruptionTarget` for a pod that has to go for one of higher priority."""

TAINTED: Final = "DeletionByTaintManager"
"""Reason of `DisruptionTarget` for a pod that was removed because its node is not ready, unreachable or drained."""

# Kubernetes 1.36, pkg/kubelet/preemption/preemption.go; "Preempted" is of older ones.
_PREEMPTING: Final = frozenset({"Preempting", "Preempted"})
# Kubernetes 1.36, pkg/kubelet/nodeshutdown/nodeshutdown_manager.go.
_SHUTDOWN: Final = frozenset({"NodeShutdown", "Terminated"})
# Kubernetes 1.36, pkg/kubelet/kubelet.go, rejectPod.
_REJECTED_PREFIX: Final = re.compile(r"^Pod was rejected: ")
# Kubernetes 1.36, pkg/kubelet/lifecycle/predicate.go, InsufficientResourceError.
_OUT_OF: Final = re.compile(r"requested: (\d+), used: (\d+), capacity: (\d+)")
# Kubernetes 1.36, pkg/kubelet/eviction/helpers.go, as the next one and the last.
_PRESSURE: Final = re.compile(r"low on resource: (?P<low>[\w-]+)|had condition: \[(?P<condition>[^\]]+)\]")
_MEMORY_HOG: Final = re.compile(r"Container (\S+) was using (\S+), request is (\S+),")
# Kubernetes 1.36, pkg/kubelet/cm/devicemanager/manager.go, as the next one.
_LEFT: Final = re.compile(r"number of devices unavailable for .*Available: (\d+)")
_SICK: Final = re.compile(r"unhealthy|no healthy devices", re.IGNORECASE)
_NEW: Final = timedelta(minutes=1)
"""A node to which a pod was bound so long ago is known here, if it exists."""
_THRESHOLD: Final = re.compile(r" *Threshold quantity: [^,]*, available: \S*")


def node_lost(pod: Pod, nodes: Mapping[str, Node], now: str) -> Finding | None:
    """The kubelet of the node does not answer: whatever else the pod's status says is old.

    Without knowledge of the nodes (`nodes` is empty) only what the control plane wrote on the pod counts.
    """
    if not pod.node or pod.ready or pod.phase == "Failed":
        return None
    node = nodes.get(pod.node)
    if node is not None:
        return None if node.ready else _lost(pod, _not_ready(node), node.unready_since)
    if nodes:
        # News of a new node may come later than news of the pod that was bound to it.
        known_for = between(pod.scheduled_at, now)
        new = pod.phase != "Running" or (known_for is not None and known_for < _NEW)
        return None if new else _lost(pod, "no longer exists", pod.ready_since)
    if pod.disruption is not None and pod.disruption.reason == TAINTED:
        return _lost(pod, "has a taint that removes its pods, as a node gets that is not ready", pod.disruption.since)
    if pod.reason == "NodeLost":
        return _lost(pod, "is unresponsive", pod.ready_since)
    return None


def shut_down(pod: Pod) -> Finding | None:
    """The node shuts down, and ended the pod or did not let it in."""
    if pod.phase != "Failed" or pod.reason not in _SHUTDOWN:
        return None
    return Finding(
        Reason.NODE_SHUTDOWN,
        cause=(pod.node,),
        happened="got ended",
        detail=f"node {pod.node} shuts down",
        remedy=f"Wait until the node is back, or add another one: kubectl describe node {pod.node}",
        since=pod.ready_since or pod.created_at,
        pod=pod.name,
    )


def evicted(pod: Pod) -> Finding | None:
    """The kubelet ended the pod because a resource of the node, or a limit of the pod, was used up."""
    message = _eviction(pod)
    if message is None:
        return None
    pressure = _PRESSURE.search(message)
    if pressure is None:
        cause, detail = "limit", quotable(_THRESHOLD.sub("", message)) or "the kubelet does not say why"
        remedy = "Raise the limit that the message names, in spec.podTemplate, or serve a smaller model."
    elif pressure["condition"]:
        cause, detail = pressure["condition"], f"node {pod.node} is under {pressure['condition']}"
        remedy = f"Make room on the node, or use other nodes: kubectl describe node {pod.node}"
    else:
        cause = pressure["low"]
        hog = _MEMORY_HOG.search(message)
        usage = f"; container {hog[1]} used {hog[2]} and requests {hog[3]}" if hog else ""
        detail = f"node {pod.node} ran short of {cause}{usage}"
        remedy = f"Use nodes with more {cause}, serve a smaller model, or request what it really uses."
    return Finding(
        Reason.EVICTED,
        cause=(cause,),
        happened="got evicted",
        detail=quotable(detail),
        remedy=remedy,
        since=pod.ready_since or pod.created_at,
        pod=pod.name,
    )


def _eviction(pod: Pod) -> str | None:
    """What the kubelet says of why it ended the pod; None where it was not evicted.

    Where its containers obey and exit with 0, the pod has "succeeded", and an Event alone tells (seen on 1.36).
    """
    if pod.phase == "Failed" and pod.reason == "Evicted":
        return pod.message
    told = (event.message for event in pod.events if event.reason == "Evicted")
    return next(told, None) if pod.phase == "Succeeded" else None


def preempted(pod: Pod) -> Finding | None:
    """The scheduler, or the kubelet for a critical pod, took the pod's place for a more important one."""
    disruption = pod.disruption
    by_scheduler = disruption is not None and disruption.reason == PREEMPTED
    if not by_scheduler and not (pod.phase == "Failed" and pod.reason in _PREEMPTING):
        return None
    return Finding(
        Reason.PREEMPTED,
        cause=(),
        happened="got preempted",
        detail=f"a pod of higher priority took its place on node {pod.node}",
        remedy="Wait for room, add a node, or give the pods a higher spec.placement.priorityClassName.",
        since=disruption.since if disruption is not None else pod.created_at,
        pod=pod.name,
    )


def device_unhealthy(pod: Pod) -> Finding | None:
    """The device plugin of the node says that a device which the pod holds does not work."""
    sick = [(resource, count) for container in pod.containers for resource, count in container.unhealthy_devices]
    if not sick:
        return None
    resource, count = sick[0]
    return Finding(
        Reason.DEVICE_UNHEALTHY,
        cause=(resource, pod.node),
        happened="got a device that does not work" if count == 1 else "got devices that do not work",
        detail=f"{count} {resource} on node {pod.node} {'is' if count == 1 else 'are'} unhealthy",
        remedy=f"Take the node out of use and repair it: kubectl cordon {pod.node}; then delete the pod.",
        since=failing_since(pod),
        pod=pod.name,
    )


def rejected(pod: Pod, accelerator: str | None) -> Finding | None:
    """The kubelet did not let the pod in. The scheduler had reckoned with something that the node does not have.

    Args:
        pod: the pod.
        accelerator: the extended resource that spec.accelerator stands for; None without one.
    """
    if pod.phase != "Failed" or not pod.reason or any(c.terminated or c.running_since for c in pod.containers):
        return None
    resource = next((name for name, _ in pod.devices if name in pod.reason or name in pod.message), None)
    if resource is not None and _SICK.search(pod.message):
        return Finding(
            Reason.DEVICE_UNHEALTHY,
            cause=(resource, pod.node),
            happened="got turned away by the chosen node",
            detail=quotable(f"{resource} on node {pod.node}: {_REJECTED_PREFIX.sub('', pod.message)}"),
            remedy=f"Take the node out of use and repair its devices: kubectl cordon {pod.node}",
            since=pod.created_at,
            pod=pod.name,
        )
    if resource is None:
        return Finding(
            Reason.POD_REJECTED,
            cause=(pod.reason,),
            happened="got turned away by the chosen node",
            detail=quotable(f"{pod.reason}: {_REJECTED_PREFIX.sub('', pod.message)}"),
            remedy=f"See what the node lacks: kubectl describe node {pod.node}",
            since=pod.created_at,
            pod=pod.name,
        )
    count = dict(pod.devices)[resource]
    numbers, left = _OUT_OF.search(pod.message), _LEFT.search(pod.message)
    field = "spec.accelerator.count" if resource == accelerator else f"the limit of {resource}"
    return Finding(
        Reason.INSUFFICIENT_ACCELERATORS,
        cause=("rejected", resource),
        happened="got turned away by the chosen node",
        need=f"needs {count} {resource}",
        detail=f"the node has {numbers[3]}, of which {numbers[2]} are taken"
        if numbers
        else f"the node has {left[1]} to give"
        if left
        else quotable(pod.message),
        remedy=f"Lower {field}, or see why the scheduler chose a node without enough: kubectl describe node {pod.node}",
        since=pod.created_at,
        pod=pod.name,
    )


def _not_ready(node: Node) -> str:
    return f"is not ready since {node.unready_since}" if node.unready_since else "is not ready"


def _lost(pod: Pod, state: str, since: str) -> Finding:
    return Finding(
        Reason.NODE_LOST,
        cause=(pod.node,),
        happened="cannot be reached",
        detail=f"node {pod.node} {state}",
        remedy=f"Repair node {pod.node}, or delete it so that its pods are replaced: kubectl describe node {pod.node}",
        since=since or pod.created_at,
        pod=pod.name,
    )
