"""The volumes of a pod, and where the server container has them."""

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.uri import ModelUri
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.server import CREDENTIALS_PATH, MODEL_PATH, Server


def volumes_and_mounts(server: Server, spec: ModelServiceSpec) -> tuple[list[Manifest], list[Manifest]]:
    """The model where it is mounted, credentials as files, the cache, and shared memory for more than one device."""
    volumes: list[Manifest] = []
    mounts: list[Manifest] = []
    if server.mounts_model and server.uri:
        volumes.append({"name": "model", **_model_source(server.uri)})
        mount = {"name": "model", "mountPath": MODEL_PATH, "readOnly": True}
        directory = _directory(server, server.uri)
        mounts.append({**mount, "subPath": directory} if directory else mount)
    files = [{"key": credential.name, "path": credential.name} for credential in server.credentials if credential.file]
    if files and spec.model and spec.model.credentials:
        # Optional, because a pod that waits for a volume does not say why; the engine says what it misses.
        secret = {"secretName": spec.model.credentials.secret_name, "items": files, "optional": True}
        volumes.append({"name": "credentials", "secret": secret})
        mounts.append({"name": "credentials", "mountPath": CREDENTIALS_PATH, "readOnly": True})
    if server.runtime.cache_path:
        volumes.append({"name": "cache", "emptyDir": {}})
        mounts.append({"name": "cache", "mountPath": server.runtime.cache_path})
    if server.runtime.shared_memory and server.devices > 1:
        memory = {"medium": "Memory", "sizeLimit": server.runtime.shared_memory}
        volumes.append({"name": "shared-memory", "emptyDir": memory})
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})  # noqa: S108
    return volumes, mounts


def _model_source(uri: ModelUri) -> Manifest:
    if uri.claim:
        return {"persistentVolumeClaim": {"claimName": uri.claim, "readOnly": True}}
    return {"image": {"reference": uri.repository}}


def _directory(server: Server, uri: ModelUri) -> str:
    """What of the volume is mounted; empty for all of it."""
    path = uri.path or ""
    return path.rpartition("/")[0] if server.mounts_file else path
