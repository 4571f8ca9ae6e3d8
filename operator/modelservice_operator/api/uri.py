"""The address of a model: where it comes from, by the scheme of the URI."""

import re
from dataclasses import dataclass
from typing import Final

from modelservice_operator.api.names import DNS_SUBDOMAIN

SCHEMES: Final = ("hf", "pvc", "oci", "ollama", "s3", "gs", "az", "http", "https")

_ORG_OR_REPO: Final = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_FILE: Final = "(/[A-Za-z0-9_][A-Za-z0-9._+=-]*)+[.](gguf|GGUF)"
_QUANTIZATION: Final = ":[A-Za-z0-9][A-Za-z0-9._-]*"
_REVISION: Final = "[A-Za-z0-9_][A-Za-z0-9._/-]*"
_PATH_SEGMENT: Final = "[.]*[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*"
_HOST: Final = "[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?"
_IMAGE_PART: Final = "[a-z0-9]+([._-]+[a-z0-9]+)*"
_TAG: Final = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_BUCKET: Final = "[a-z0-9]([a-z0-9._-]*[a-z0-9])?"


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


def _object_storage(scheme: str, bucket: str) -> Shape:
    return Shape(
        f"{scheme}://",
        f"{scheme}://{_BUCKET}(/{_PATH_SEGMENT})*",
        f"must name a {bucket} and, after single slashes, the directory of the model, without a slash at the end: "
        f"{scheme}://{bucket}/directory, for example {scheme}://models/qwen/qwen3-8b",
    )


SHAPES: Final = (
    Shape(
        "",
        "(hf|pvc|oci|ollama|s3|gs|az|https?)://.*",
        "must begin with hf://, pvc://, oci://, ollama://, s3://, gs://, az://, http:// or https://, for example "
        "hf://Qwen/Qwen3-8B or pvc://models/qwen3-8b",
    ),
    Shape(
        "hf://",
        f"hf://{_ORG_OR_REPO}/{_ORG_OR_REPO}({_FILE}|{_QUANTIZATION})?(@.*)?",
        "must name one repository of the Hugging Face Hub, with its organization: hf://org/repo or "
        "hf://org/repo@revision, for example hf://Qwen/Qwen3-8B; for llamacpp also one of its files, "
        "hf://org/repo/file.gguf, or a quantization, hf://org/repo:Q4_K_M",
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
    Shape(
        "oci://",
        f"oci://{_HOST}(/{_IMAGE_PART})+(:{_TAG})?(@sha256:[0-9a-f]+)?",
        "must name an image with its registry, and best with a tag or a digest: oci://registry/repository:tag or "
        "oci://registry/repository@sha256:..., for example oci://ghcr.io/org/qwen3-8b:v1",
    ),
    Shape(
        "ollama://",
        f"ollama://({_HOST}/)?({_ORG_OR_REPO}/)?{_ORG_OR_REPO}(:{_TAG})?",
        "must name a model of Ollama's library and, if you like, a tag: ollama://model or ollama://model:tag, for "
        "example ollama://qwen3:8b",
    ),
    _object_storage("s3", "bucket"),
    _object_storage("gs", "bucket"),
    _object_storage("az", "container"),
    Shape(
        "https?://",
        f"https?://{_HOST}/[A-Za-z0-9._~%+=,/-]*[.](gguf|GGUF)([?][A-Za-z0-9._~%+=,/&-]*)?",
        "must be the address of one GGUF file, without a user or password in it, for example "
        "https://models.example.com/qwen3-8b-q4.gguf",
    ),
)
"""In the order in which they are tried; the CRD has a rule for each."""


@dataclass(frozen=True, slots=True)
class ModelUri:
    """A parsed URI. What a scheme does not know is None."""

    scheme: str
    """One of SCHEMES."""
    repository: str | None = None
    """`org/repo` on the Hugging Face Hub, an image with its tag or digest, or a model of Ollama's library."""
    file: str | None = None
    """Path of a file inside a repository of the Hub."""
    quantization: str | None = None
    """Of a repository of the Hub that holds several, such as `Q4_K_M`."""
    revision: str | None = None
    """Branch, tag or commit of a repository of the Hub; None is the default branch."""
    claim: str | None = None
    """Name of a PersistentVolumeClaim."""
    path: str | None = None
    """Inside the claim, without a slash at either end; None is its root."""
    address: str | None = None
    """The URI as it was written, where an engine takes it so: object storage, and files on a web server."""


def parse_uri(uri: str) -> ModelUri:
    """Read the address of a model.

    Raises:
        InvalidUri: it has none of the shapes.
    """
    for shape in SHAPES:
        if not shape.is_kept_by(uri):
            raise InvalidUri(shape.message)
    scheme, _, rest = uri.partition("://")
    if scheme == "hf":
        return _hub(rest)
    if scheme == "pvc":
        claim, _, path = rest.partition("/")
        return ModelUri(scheme, claim=claim, path=path or None)
    if scheme in ("oci", "ollama"):
        return ModelUri(scheme, repository=rest)
    return ModelUri(scheme, address=uri)


def _hub(rest: str) -> ModelUri:
    """`org/repo`, `org/repo/file.gguf` or `org/repo:quantization`, each with `@revision` or without."""
    place, _, revision = rest.partition("@")
    named, _, quantization = place.partition(":")
    organization, repository, *file = named.split("/", maxsplit=2)
    return ModelUri(
        "hf",
        repository=f"{organization}/{repository}",
        file=file[0] if file else None,
        quantization=quantization or None,
        revision=revision or None,
    )
