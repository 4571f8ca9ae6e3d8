"""The operator's image from this checkout, on a base image made of the machine's own Python."""

import json
import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from localimage.base import make_root
from localimage.buildah import Buildah
from modelservice_operator import __version__

ROOT: Final = Path(__file__).parents[2]
NAME: Final = f"modelservice.test/modelservice-operator:{__version__}"
BASE: Final = "localhost/python-of-this-machine"


def build_operator_image(tar: Path, name: str = NAME, python: Path | None = None) -> Path:
    """Build the image and write it to `tar`, an OCI layout that `ctr images import` takes under `name`.

    Needs root, buildah and pip's package index; no registry. `python` has pip, and is what the base image is made of;
    this one, if none is given. Raises `BuilderMissingError` where there is no builder.
    """
    with tempfile.TemporaryDirectory(prefix="modelservice-image-") as scratch:
        directory = Path(scratch)
        buildah = Buildah(directory)
        build(buildah, directory, name, python or Path(sys.executable))
        layout = directory / "layout"
        buildah.push(name, layout)
        _pack(layout, name, tar)
    return tar


def build(buildah: Buildah, directory: Path, name: str, python: Path) -> None:
    """Leave the image in buildah's storage."""
    make_root(python, directory / "base")
    buildah.import_root(directory / "base", BASE)
    settings = directory / "pip.conf"
    settings.write_text(_pip_settings())
    volumes = {settings: "/etc/pip.conf"}
    if authority := os.environ.get("PIP_CERT"):
        volumes[Path(authority).resolve()] = authority
    buildah.build(ROOT, name, base=BASE, volumes=volumes, VERSION=__version__, REVISION="test", SOURCE="test")


def _pip_settings() -> str:
    """The variables of pip as a file: a build does not see the environment."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    variables.pop("PIP_FIND_LINKS", None)
    lines = [f"{name.removeprefix('PIP_').lower().replace('_', '-')} = {value}" for name, value in variables.items()]
    return "\n".join(["[global]", *lines, ""])


def _pack(layout: Path, name: str, tar: Path) -> None:
    index = json.loads((layout / "index.json").read_text("utf-8"))
    (manifest,) = index["manifests"]
    # The whole name is under a key of containerd's own; the standard one is for a tag.
    manifest["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
    (layout / "index.json").write_text(json.dumps(index))
    with tarfile.open(tar, "w") as archive:
        archive.add(layout, arcname=".")
