"""What earlier releases made of ModelServices, recorded, and what an upgrade from there may write."""

import gzip
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

DIRECTORY: Final = Path(__file__).parent / "data" / "releases"
ROLLED: Final = "36e09d5"
"""The oldest release whose operator knows all of v1alpha1, and runs with the packages of today."""
RECORDED: Final = tuple(sorted(path.name.partition(".")[0] for path in DIRECTORY.iterdir()))
"""The commits. What is older than `ROLLED` lacks fields: `2fc5aad` is the first that offered models."""


class Allowed(NamedTuple):
    """An upgrade may write such an object, once; no pod may come or go by it."""

    resource: str
    """Such as `services` or `modelservices/status`."""
    over: frozenset[str]
    """The releases whose objects are written."""
    since: str
    """The commit that changed what is wanted."""
    why: str
    name: str = ""
    """Of the one object, if it is not about every one."""


_BEFORE_V1ALPHA1: Final = frozenset({"2fc5aad"})
ALLOWED: Final = (
    Allowed(
        "services", _BEFORE_V1ALPHA1, "f0e9032", "the type is wanted, so that it is put right when someone changes it"
    ),
    Allowed("poddisruptionbudgets", _BEFORE_V1ALPHA1, "d121390", "models with more than one replica have one now"),
    Allowed(
        "deployments",
        _BEFORE_V1ALPHA1,
        "f0e9032",
        "holds the template that serves while paused, or scaling up would start the next one",
        "paused",
    ),
    Allowed("modelservices/status", _BEFORE_V1ALPHA1, "d00994c", "the remedy names the field of the spec", "refused"),
)


def allowed(release: str, resource: str, name: str) -> bool:
    """An upgrade from this release may write this object."""
    return any(release in entry.over and entry.resource == resource and entry.name in {"", name} for entry in ALLOWED)


def path_of(release: str) -> Path:
    """Its recording: JSON, one object a line, after a line about the recording."""
    return DIRECTORY / f"{release}.jsonl.gz"


def read(release: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What its recording says of itself, and the objects."""
    about, *manifests = map(json.loads, gzip.decompress(path_of(release).read_bytes()).splitlines())
    return about, manifests
