"""A pod has a node and still waits: only its events say why."""

import re
from collections.abc import Iterator
from typing import Final

from modelservice_operator.diagnose.configuration import absent_reference
from modelservice_operator.diagnose.failure import failing_since
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent

# Kubernetes 1.36, pkg/kubelet/events/event.go, as the next two.
_MOUNTING: Final = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume"})
_SANDBOX: Final = frozenset({"FailedCreatePodSandBox", "NetworkNotReady"})
_CLAIMING: Final = frozenset({"FailedPrepareDynamicResources"})

_FURTHER: Final = frozenset({"Pulling", "Pulled", "Created", "Started"})

# Kubernetes 1.36, pkg/volume/util/operationexecutor/operation_executor.go, GenerateError, and
# pkg/kubelet/volumemanager/volume_manager.go, WaitForAttachAndMount.
_VOLUME: Final = re.compile(r'volumes? "(?P<name>[^"]+)"|unmounted volumes=\[(?P<list>[^\]]*)\]')
# Kubernetes 1.36, pkg/controller/volume/attachdetach/reconciler/reconciler.go, reportMultiAttachError; 1.35 and older
# say "Multi-Attach error".
_ATTACHED: Final = re.compile(r"^Waiting for detach|Multi-Attach error", re.IGNORECASE)
_IN_VAIN: Final = re.compile("timed out waiting|context deadline exceeded|unmounted volumes", re.IGNORECASE)
# Kubernetes 1.36, pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go, with NewNotFound.
_CLAIM: Final = re.compile(r'persistentvolumeclaim "(?P<name>[^"]+)" not found', re.IGNORECASE)
# containerd 2.4, internal/cri/config/config.go.
_NO_HANDLER: Final = re.compile(r'no runtime for "?(?P<name>[\w-]+)"? is configured')
# Kubernetes 1.36, pkg/kubelet/util/manager/watch_based_manager.go.
_TRANSIENT: Final = re.compile(r"failed to sync (?:secret|configmap) cache|object .* not registered")
_BEFORE: Final = re.compile(
    r"^.*?rpc error: code = \w+ desc = |^MountVolume\.\w+ failed for volume \S+ ?:? ?", re.DOTALL
)
"""What the kubelet puts before the words of others."""


def volume_unmountable(pod: Pod) -> Finding | None:
    """A volume cannot be attached to the node or mounted there; a Secret or ConfigMap behind it may be what lacks.

    The kubelet says by turns what is wrong and that it waited in vain. What says most counts, and only then the newest.
    """
    told = [event for event in _latest(pod, _MOUNTING) if not _TRANSIENT.search(event.message)]
    for event in sorted(told, key=lambda event: _vagueness(pod, event)):
        if finding := absent_reference(pod, event.message):
            return finding
        if claim := _CLAIM.search(event.message):
            name = claim["name"]
            detail = f"PersistentVolumeClaim {name} does not exist"
            remedy = f"Create PersistentVolumeClaim {name} in namespace {pod.namespace}, or correct spec.model.uri."
            return _waiting(pod, Reason.VOLUME_CLAIM_NOT_FOUND, name, detail, remedy)
        match = _VOLUME.search(event.message)
        volume = quotable((match["name"] or match["list"]) if match else "") or "unknown"
        if _ATTACHED.search(event.message):
            detail = f'volume "{volume}" is attached to another node and cannot be attached to two (Multi-Attach)'
            remedy = "Use a claim of access mode ReadWriteMany, or stop the pod that holds it; with "
            remedy += "spec.rollout.strategy Replace the old pod goes first."
        else:
            detail = f'volume "{volume}": {_essence(event)}'
            remedy = f"Repair the volume or its storage: kubectl describe pod -n {pod.namespace} {pod.name}"
        return _waiting(pod, Reason.VOLUME_MOUNT_FAILED, volume, detail, remedy)
    return None


def sandbox_failing(pod: Pod) -> Finding | None:
    """The node cannot set up the pod's network, its sandbox or the devices of a ResourceClaim."""
    for event in _latest(pod, _CLAIMING):
        return _waiting(
            pod,
            Reason.DEVICE_CLAIM_PENDING,
            pod.node,
            f"node {pod.node} cannot prepare the claimed devices: {_essence(event)}",
            f"Repair the device driver of the node: kubectl describe pod -n {pod.namespace} {pod.name}",
        )
    for event in _latest(pod, _SANDBOX):
        if handler := _NO_HANDLER.search(event.message):
            return _waiting(
                pod,
                Reason.RUNTIME_CLASS_NOT_FOUND,
                handler["name"],
                f"node {pod.node} has no container runtime called {handler['name']}",
                "Correct spec.placement.runtimeClassName, or configure its handler on the node.",
            )
        return _waiting(
            pod,
            Reason.SANDBOX_FAILED,
            pod.node,
            f"node {pod.node} cannot set up the pod: {_essence(event)}",
            f"Repair the node's network plugin or container runtime: kubectl describe node {pod.node}",
        )
    return None


def _vagueness(pod: Pod, event: PodEvent) -> int:
    if absent_reference(pod, event.message) or _CLAIM.search(event.message):
        return 0
    if _ATTACHED.search(event.message):
        return 1
    return 3 if _IN_VAIN.search(event.message) else 2


def _latest(pod: Pod, reasons: frozenset[str]) -> Iterator[PodEvent]:
    """Events with one of these reasons, the last first, while no container of the pod has started.

    Those are over that were seen before the pod got further: the image is pulled once volumes and sandbox are there.
    """
    if any(c.running_since or c.terminated or c.last_terminated for c in pod.containers) or not pod.node:
        return
    further = max((event.last_seen for event in pod.events if event.reason in _FURTHER), default="")
    told = [
        event
        for event in pod.events
        if event.reason in reasons and event.type != "Normal" and not (event.last_seen and event.last_seen < further)
    ]
    yield from sorted(told, key=lambda event: event.last_seen, reverse=True)


def _essence(event: PodEvent) -> str:
    return quotable(_BEFORE.sub("", event.message)) or quotable(event.message) or event.reason


def _waiting(pod: Pod, reason: Reason, cause: str, detail: str, remedy: str) -> Finding:
    return Finding(
        reason,
        cause=(cause,),
        happened="cannot start",
        detail=detail,
        remedy=remedy,
        since=failing_since(pod),
        pod=pod.name,
    )
