"""Pods, nodes and Deployments for the tests: manifests as the API server gives them, turned into records."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.explain import explain
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent, pod_event

RECORDED = Path(__file__).parents[2] / "data" / "pods"
SPEC = ModelServiceSpec(accelerator=Accelerator(count=1))
CREATED = "2026-11-22T10:00:00Z"
NOW = "2026-11-22T10:05:00Z"
HASH = "7d9c"
"""pod-template-hash of the only ReplicaSet."""
OLD_HASH = "55f8"


def at(seconds: float, start: str = CREATED) -> str:
    """The time so many seconds after `start`."""
    moment = datetime.fromisoformat(start) + timedelta(seconds=seconds)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(kind: str, status: str, reason: str = "", message: str = "", since: str = CREATED) -> Manifest:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since}


def labelled(
    manifest: Manifest, *, revision: str = "r1", template_hash: str = HASH, more: Mapping[str, str] | None = None
) -> Manifest:
    """The pod, as one of the Deployment `chat` of the ModelService `chat`."""
    labels = {
        **(more or {}),
        "modelservice.dev/name": "chat",
        "modelservice.dev/revision": revision,
        "pod-template-hash": template_hash,
    }
    owner = {"kind": "ReplicaSet", "name": f"chat-{template_hash}", "controller": True}
    metadata = {"namespace": "ml", **manifest["metadata"], "labels": labels, "ownerReferences": [owner]}
    return {**manifest, "metadata": metadata}


def pod(
    name: str = "chat-7d9c-a",
    *,
    container: Manifest | None = None,
    containers: Sequence[Manifest] | None = None,
    init_containers: Sequence[Manifest] = (),
    statuses: Sequence[Manifest] = (),
    init_statuses: Sequence[Manifest] = (),
    conditions: Iterable[Manifest] = (),
    node: str = "",
    gpus: int = 0,
    created: str = CREATED,
    gone_by: str = "",
    revision: str = "r1",
    template_hash: str = HASH,
    spec: Manifest | None = None,
    labels: Mapping[str, str] | None = None,
    events: Iterable[PodEvent] = (),
    output: str = "",
    **status: Any,
) -> Pod:
    """A pod with one container `server`, unless told otherwise."""
    server = {"name": "server", "image": "ghcr.io/org/server:v1", "readinessProbe": {}, **(container or {})}
    if gpus:
        server["resources"] = {"limits": {"nvidia.com/gpu": str(gpus)}}
    metadata: Manifest = {"name": name, "uid": f"uid-{name}", "resourceVersion": "7", "creationTimestamp": created}
    if gone_by:
        metadata["deletionTimestamp"] = gone_by
    manifest = {
        "metadata": metadata,
        "spec": {
            "containers": list(containers or [server]),
            "initContainers": list(init_containers),
            "nodeName": node,
            "serviceAccountName": "default",
            **(spec or {}),
        },
        "status": {
            "conditions": list(conditions),
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(init_statuses),
            **status,
        },
    }
    record = Pod.from_manifest(labelled(manifest, revision=revision, template_hash=template_hash, more=labels))
    return replace(record, events=tuple(events), output=output)


def event(
    reason: str, message: str, *, count: int = 1, container: str = "", seen: str = "", kind: str = "Warning"
) -> PodEvent:
    return PodEvent(kind, reason, message, container, count, seen)


def unscheduled(
    message: str, *, reason: str = "Unschedulable", gpus: int = 0, name: str = "chat-7d9c-a", **more: Any
) -> Pod:
    scheduled = condition("PodScheduled", "False", reason, message)
    return pod(name, gpus=gpus, conditions=[scheduled], phase="Pending", **more)


def waiting(reason: str, message: str = "", *, name: str = "chat-7d9c-a", **more: Any) -> Pod:
    status = {"name": "server", "ready": False, "state": {"waiting": {"reason": reason, "message": message}}}
    return pod(name, statuses=[status], node="gpu-1", phase="Pending", **more)


def ended(code: int, reason: str = "Error", message: str = "", at_second: int = 60) -> Manifest:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message, "finishedAt": at(at_second)}}


def ready(name: str = "chat-7d9c-r", **more: Any) -> Pod:
    """A pod that serves."""
    status = {"name": "server", "ready": True, "state": {"running": {"startedAt": CREATED}}}
    return pod(name, statuses=[status], conditions=[condition("Ready", "True")], phase="Running", node="gpu-1", **more)


def starting(name: str = "chat-7d9c-s", **more: Any) -> Pod:
    """A pod whose server loads the model."""
    status = {"name": "server", "ready": False, "state": {"running": {"startedAt": CREATED}}}
    return pod(name, statuses=[status], conditions=[condition("Ready", "False")], phase="Running", node="gpu-1", **more)


def node(
    name: str,
    gpus: int = 0,
    *,
    ready: bool = True,
    cordoned: bool = False,
    labels: Mapping[str, str] | None = None,
    taints: Iterable[tuple[str, str]] = (),
    resources: Mapping[str, str] | None = None,
) -> Node:
    devices = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    closed = [{"key": key, "value": value, "effect": "NoSchedule"} for key, value in taints]
    return Node.from_manifest(
        {
            "metadata": {"name": name, "uid": name, "resourceVersion": "1", "labels": dict(labels or {})},
            "spec": {"unschedulable": cordoned, "taints": closed},
            "status": {
                "conditions": [condition("Ready", "True" if ready else "Unknown", since=at(30))],
                "allocatable": {"cpu": "64", "memory": "512Gi", **devices, **(resources or {})},
            },
        }
    )


def nodes(*all_nodes: Node) -> dict[str, Node]:
    return {each.name: each for each in all_nodes}


def deployment(
    wanted: int = 2,
    *,
    replicas: int | None = None,
    updated: int | None = None,
    available: int = 0,
    revision: str = "r1",
    conditions: Iterable[Manifest] = (),
    observed: bool = True,
) -> Deployment:
    replicas = wanted if replicas is None else replicas
    return Deployment.from_manifest(
        {
            "metadata": {"namespace": "ml", "name": "chat", "generation": 3},
            "spec": {
                "replicas": wanted,
                "progressDeadlineSeconds": 1800,
                "template": {"metadata": {"labels": {"modelservice.dev/revision": revision}}},
            },
            "status": {
                "observedGeneration": 3 if observed else 2,
                "replicas": replicas,
                "updatedReplicas": replicas if updated is None else updated,
                "availableReplicas": available,
                "conditions": list(conditions),
            },
        }
    )


def problems(
    *pods: Pod,
    of: Deployment | None = None,
    on: Mapping[str, Node] | None = None,
    spec: ModelServiceSpec = SPEC,
    now: str = NOW,
) -> tuple[Problem, ...]:
    return explain(spec, pods, of or deployment(len(pods) or 1), on or {}, now)


def recorded(name: str, *, events: bool = False) -> list[tuple[float, str, Pod]]:
    """Every status that a real kubelet gave a pod: seconds since its creation, the time, the pod.

    With `events` the pod has those of its events that had been seen by then.
    """
    recording = json.loads((RECORDED / f"{name}.json").read_text())
    final = recording["final"]
    steps = []
    for step in recording["history"]:
        time = at(step["t"], final["metadata"]["creationTimestamp"])
        record = Pod.from_manifest(labelled({**final, "status": step["status"]}))
        told = [pod_event(each) for each in recording.get("events", ()) if (each.get("firstTimestamp") or "") <= time]
        steps.append((step["t"], time, replace(record, events=tuple(told) if events else ())))
    return steps
