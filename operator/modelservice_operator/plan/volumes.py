"""The volumes of a pod, and where the server container has them."""

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.server import MODEL_PATH, Server


def volumes_and_mounts(server: Server) -> tuple[list[Manifest], list[Manifest]]:
    """The model where it is mounted, the cache, and shared memory for more than one device."""
    volumes: list[Manifest] = []
    mounts: list[Manifest] = []
    if server.mounts_model and server.uri:
        claim = {"claimName": server.uri.claim, "readOnly": True}
        volumes.append({"name": "model", "persistentVolumeClaim": claim})
        mount = {"name": "model", "mountPath": MODEL_PATH, "readOnly": True}
        mounts.append({**mount, "subPath": server.uri.path} if server.uri.path else mount)
    if server.runtime.cache_path:
        volumes.append({"name": "cache", "emptyDir": {}})
        mounts.append({"name": "cache", "mountPath": server.runtime.cache_path})
    if server.runtime.shared_memory and server.devices > 1:
        memory = {"medium": "Memory", "sizeLimit": server.runtime.shared_memory}
        volumes.append({"name": "shared-memory", "emptyDir": memory})
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})  # noqa: S108
    return volumes, mounts
