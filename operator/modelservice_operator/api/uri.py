"""The address of a model: `hf://org/repo[@revision]` or `pvc://claim[/path]`."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from modelservice_operator.api.names import DNS_SUBDOMAIN

_ORG_OR_REPO: Final = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_REVISION: Final = "[A-Za-z0-9_][A-Za-z0-9._/-]*"
_PATH_SEGMENT: Final = "[.]*[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*"


class InvalidUri(ValueError):
    """The text is no address of a model; the message begins with "must" and says what to write."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A demand on URIs: one that begins with `prefix` must match `whole` (RE2, which Python reads alike)."""

    prefix: str
    whole: str
    message: str

    def is_kept_by(self, uri: str) -> bool:
        """Whether the URI has this shape, or is none of those that it is about."""
        return re.match(self.prefix, uri) is None or re.fullmatch(self.whole, uri) is not None


SHAPES: Final = (
    Shape(
        "",
        "(hf|pvc)://.*",
        "must begin with hf:// or pvc://, the schemes that work in this release: hf://org/repo[@revision], for example "
        "hf://Qwen/Qwen3-8B, or pvc://claim[/path], for example pvc://models/qwen3-8b",
    ),
    Shape(
        "hf://",
        f"hf://{_ORG_OR_REPO}/{_ORG_OR_REPO}(@.*)?",
        "must name one repository of the Hugging Face Hub, with its organization and without a path in it: "
        "hf://org/repo or hf://org/repo@revision, for example hf://Qwen/Qwen3-8B",
    ),
    Shape(
        "hf://[^@]*@",
        f"hf://[^@]*@{_REVISION}",
        "must have a branch, tag or commit after the @, for example hf://Qwen/Qwen3-8B@main; without the @ it is the "
        "default branch",
    ),
    Shape(
        "pvc://",
        f"pvc://{DNS_SUBDOMAIN}(/.*)?",
        "must name a PersistentVolumeClaim of the same namespace (lower-case letters, digits, '-' and '.'): "
        "pvc://claim or pvc://claim/path, for example pvc://models/qwen3-8b",
    ),
    Shape(
        "pvc://[^/]*/",
        f"pvc://[^/]*(/{_PATH_SEGMENT})+",
        "must have after the claim a path of names (letters, digits and any of . _ @ + = -) joined by single slashes, "
        "none of them '.' or '..', without a slash at the end, for example pvc://models/qwen/qwen3-8b",
    ),
)
"""In the order in which they are tried; the CRD has a rule for each."""


@dataclass(frozen=True, slots=True)
class ModelUri:
    """A parsed URI: `repository` and `revision` belong to `hf`, `claim` and `path` to `pvc`."""

    scheme: Literal["hf", "pvc"]
    repository: str | None = None
    """`org/repo` on the Hugging Face Hub."""
    revision: str | None = None
    """Branch, tag or commit; None is the default branch."""
    claim: str | None = None
    """Name of a PersistentVolumeClaim."""
    path: str | None = None
    """Inside the claim, without a slash at either end; None is its root."""


def parse_uri(uri: str) -> ModelUri:
    """Read the address of a model.

    Raises:
        InvalidUri: it has none of the two shapes.
    """
    for shape in SHAPES:
        if not shape.is_kept_by(uri):
            raise InvalidUri(shape.message)
    scheme, _, rest = uri.partition("://")
    if scheme == "hf":
        repository, _, revision = rest.partition("@")
        return ModelUri("hf", repository=repository, revision=revision or None)
    claim, _, path = rest.partition("/")
    return ModelUri("pvc", claim=claim, path=path or None)
