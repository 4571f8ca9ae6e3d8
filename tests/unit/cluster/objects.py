"""Objects as the API server gives them, with just the fields that a test cares about."""

from modelservice_operator import api
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names


def model_service(name: str = "qwen", *, uid: str = "uid-ms", version: int = 1, **spec: object) -> Manifest:
    """A ModelService in namespace `ml`."""
    return {
        "apiVersion": api.API_VERSION,
        "kind": api.KIND,
        "metadata": {
            "namespace": "ml",
            "name": name,
            "uid": uid,
            "generation": 1,
            "resourceVersion": str(version),
            "creationTimestamp": "2026-11-22T10:00:00Z",
        },
        "spec": {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "accelerator": {"count": 1}, "replicas": 1, **spec},
    }


def child(
    kind: str = "Service",
    name: str = "qwen",
    *,
    uid: str = "uid-child",
    version: int = 1,
    owner: str | None = "uid-ms",
    spec: Manifest | None = None,
) -> Manifest:
    """A child of the ModelService `name`; `owner` is the uid of its controller."""
    metadata: Manifest = {
        "namespace": "ml",
        "name": name,
        "uid": uid,
        "resourceVersion": str(version),
        "labels": {names.MANAGED_BY: names.FIELD_MANAGER, names.NAME: name},
    }
    if owner is not None:
        metadata["ownerReferences"] = [
            {"apiVersion": api.API_VERSION, "kind": api.KIND, "name": name, "uid": owner, "controller": True}
        ]
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec or {}}


def revision(number: int, *, uid: str | None = None, version: int = 1, template: str = "") -> Manifest:
    """A stored revision of the ModelService `qwen`."""
    manifest = child("ControllerRevision", uid=uid or f"uid-{number}", version=version)
    manifest["metadata"]["name"] = f"qwen-{number}"
    data = {"version": 1, "inputs": {"number": number}, "template": {"spec": {"name": template or str(number)}}}
    return {**manifest, "apiVersion": "apps/v1", "data": data, "revision": number}


def pod(name: str = "qwen-a", *, node: str = "", version: int = 1, phase: str = "Running") -> Manifest:
    """A pod of the ModelService `qwen`."""
    labels = {names.MANAGED_BY: names.FIELD_MANAGER, names.NAME: "qwen"}
    metadata = {
        "namespace": "ml",
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "labels": labels,
    }
    spec = {"nodeName": node} if node else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": phase}}


def node(name: str, *, gpus: int = 8, version: int = 1) -> Manifest:
    """A node with devices."""
    metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}
    allocatable = {"nvidia.com/gpu": str(gpus)}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"allocatable": allocatable}}
