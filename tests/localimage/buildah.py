"""buildah with a storage of its own: nothing stays on the machine, and nothing of the machine is used."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


class BuilderMissingError(Exception):
    """There is no buildah, or not the rights that it needs here."""


class Buildah:
    """Runs buildah on a storage in `directory`, without a registry and without a daemon."""

    def __init__(self, directory: Path) -> None:
        """Raises `BuilderMissingError` where none can run."""
        if not shutil.which("buildah"):
            raise BuilderMissingError("buildah is not installed: apt-get install buildah")
        if os.geteuid() != 0:
            raise BuilderMissingError("buildah is run as root here: it mounts file systems of its own")
        self._storage = ("--root", directory / "storage", "--runroot", directory / "run", "--storage-driver", "vfs")

    def __call__(self, *arguments: str | Path) -> str:
        """What it printed. Fails with all of it."""
        command = ["buildah", *self._storage, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def import_root(self, root: Path, name: str) -> None:
        """The directory as an image of one layer."""
        container = self("from", "scratch")
        self("add", container, root, "/")
        self("commit", "--rm", container, name)

    def build(self, checkout: Path, name: str, *, base: str, volumes: dict[Path, str], **arguments: str) -> None:
        """Build the Dockerfile of the checkout on a base that is in the storage."""
        given = {"PYTHON_IMAGE": base, **arguments}
        self(
            "bud",
            *("--isolation", "chroot", "--pull-never", "--layers=false", "--format", "oci", "--tag", name),
            *(flag for key, value in given.items() for flag in ("--build-arg", f"{key}={value}")),
            *(flag for source, target in volumes.items() for flag in ("--volume", f"{source}:{target}:ro")),
            checkout,
        )

    def config(self, name: str) -> dict[str, Any]:
        """What the image says of how it is to be run."""
        config: dict[str, Any] = json.loads(self("inspect", "--type", "image", name))["OCIv1"]["config"]
        return config

    def push(self, name: str, layout: Path) -> None:
        """Write the image as an OCI layout into a new directory."""
        self("push", name, f"oci:{layout}")

    def mount(self, name: str) -> Path:
        """The image's root file system, to read: a directory of the storage."""
        return Path(self("mount", self("from", "--pull-never", name)))
