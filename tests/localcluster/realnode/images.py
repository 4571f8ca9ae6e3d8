"""Container images without a registry and without a builder: an OCI layout in a tar file."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


def write_image(
    archive: Path,
    names: Sequence[str],
    files: Mapping[str, Path],
    entrypoint: Sequence[str],
    *,
    env: Sequence[str] = (),
    user: str = "",
) -> Path:
    """Write an image of one layer to `archive`, and return that. `ctr images import` gives it each of `names`.

    `files`: where it lies in the image -> a file, or a directory with all that is in it. Everything belongs to root.
    `env` are assignments, `user` is who runs the entrypoint, root by default.
    """
    layer = archive.with_suffix(".layer")
    _write_layer(layer, files)
    digest = _digest(layer)
    platform_ = {"architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux"}
    config = _json(
        {
            **platform_,
            "config": {"Entrypoint": [*entrypoint], "Env": [PATH, *env], "User": user, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [digest]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": digest,
                    "size": layer.stat().st_size,
                }
            ],
        }
    )
    entries = [
        _descriptor(MANIFEST, manifest) | {"platform": platform_, "annotations": {"io.containerd.image.name": name}}
        for name in names
    ]
    with tarfile.open(archive, "w") as tar:
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(tar, "index.json", _json({"schemaVersion": 2, "manifests": entries}))
        for blob in (config, manifest):
            _add(tar, _blob_path(_sha256(blob)), blob)
        tar.add(layer, _blob_path(digest))
    layer.unlink()
    return archive


def _write_layer(layer: Path, files: Mapping[str, Path]) -> None:
    with tarfile.open(layer, "w") as tar:
        if "/" not in files:
            for name, mode in (("etc", 0o755), ("tmp", 0o1777)):
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode = tarfile.DIRTYPE, mode
                tar.addfile(entry)
        for target, source in files.items():
            tar.add(source, target.strip("/") or ".", filter=_of_root)


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _sha256(blob), "size": len(blob)}


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return f"sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()}"


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
