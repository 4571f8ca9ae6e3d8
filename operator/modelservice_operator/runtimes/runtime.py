"""A runtime: how one model server is started, probed and stopped. The shape of the YAML files beside this one."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from modelservice_operator.accelerators.catalogue import BY_VENDOR
from modelservice_operator.api.uri import SCHEMES
from modelservice_operator.data import Data, NamedData, Quantity
from modelservice_operator.manifest import Manifest
from modelservice_operator.runtimes import placeholders

CPU: Final = "cpu"
"""What `image` and `when.vendor` call a pod without an accelerator."""

VENDORS: Final = (*BY_VENDOR, CPU)

Vendor = Annotated[str, Field(pattern=f"^({'|'.join(VENDORS)})$")]
Scheme = Annotated[str, Field(pattern=f"^({'|'.join(SCHEMES)})$")]


def _known_placeholders(text: str) -> str:
    unknown = placeholders.names_in(text) - placeholders.MEANINGS.keys()
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in placeholders.MEANINGS)
        raise ValueError(f"unknown placeholder {{{min(unknown)}}}; known are {known}")
    return text


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return text


Template = Annotated[str, AfterValidator(_known_placeholders)]
"""Text with placeholders."""

Path = Annotated[str, Field(pattern="^/")]
VariableName = Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
Seconds = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class When(Data):
    """For which pods an entry is meant; what is not given does not matter."""

    schemes: tuple[Scheme, ...] = ()
    """Schemes of the model's URI; with none given, every one."""
    vendor: Vendor | None = None
    """Vendor of the accelerator, or `cpu`."""
    quantization: bool | None = None
    """Whether the URI names a quantization."""

    def holds(self, scheme: str | None, vendor: str, *, quantization: bool = False) -> bool:
        """Whether a pod is meant with a model of this scheme, an accelerator of this vendor, and so on."""
        return (
            (not self.schemes or scheme in self.schemes)
            and self.vendor in (None, vendor)
            and self.quantization in (None, quantization)
        )


class Argument(Data):
    """A flag of the server. One that the user gives, in whatever spelling, replaces ours."""

    flag: Annotated[str, Field(pattern="^--?[A-Za-z]")]
    value: Template | None = None
    """Without it, and without `values`, the flag is a switch."""
    values: tuple[Template, ...] = ()
    """Several, each as an argument of its own after the flag; instead of `value`."""
    aliases: tuple[str, ...] = ()
    """Other names that the server knows the flag by."""
    when: When = When()

    @property
    def templates(self) -> tuple[str, ...]:
        """The texts with placeholders in it."""
        return self.values if self.value is None else (self.value, *self.values)

    @model_validator(mode="after")
    def _one_kind_of_value(self) -> Self:
        if self.value is not None and self.values:
            raise ValueError("value and values: only one of the two")
        return self


class Variable(Data):
    """An environment variable of the server. One that the user gives replaces ours."""

    name: VariableName
    value: Template
    when: When = When()


class Credential(Data):
    """A key of the user's Secret, and the environment variable of the same name."""

    name: VariableName
    optional: bool = False
    """The engine does without it."""
    file: bool = False
    """The engine wants the path of a file: the key is mounted, and the variable names where."""


class Fetch(Data):
    """An init container that brings the model into the cache, for an engine that cannot do so before it serves.

    It has the image, the environment, the security context and the cache of the server.
    """

    command: Annotated[tuple[Template, ...], Field(min_length=1)]


class Probes(Data):
    """Paths that answer 200. Without one, an open port is enough."""

    startup: Path | None = None
    readiness: Path | None = None
    liveness: Path | None = None


class DeviceRequests(Data):
    """What the server container requests for each of its devices."""

    cpu: Quantity
    memory: Quantity


class CpuOnlyRequests(Data):
    """What the server container requests when it has no device."""

    cpu: Quantity
    memory: Quantity
    """When the size of the model is unknown."""
    memory_per_model_size: Annotated[float, Field(gt=0)]
    """Memory as a multiple of the size of the model, when that is known."""


class Requests(Data):
    """Requested CPU and memory of the server container."""

    per_device: DeviceRequests
    cpu_only: CpuOnlyRequests


class Runtime(NamedData):
    """A model server."""

    formats: tuple[str, ...] = ()
    """Formats of models that it serves when no runtime is named; no other runtime has the same."""
    image: Mapping[Vendor, str] = {}
    """Container image by vendor of the accelerator, and `cpu`. A runtime without images needs one from the user."""
    command: tuple[Template, ...] = ()
    """Without one, the image's own entrypoint runs."""
    args: tuple[Argument, ...] = ()
    flag_style: Literal["joined", "separate"] = "joined"
    """How a flag is written: `--flag=value` as one argument, or `--flag` and `value` as two."""
    env: tuple[Variable, ...] = ()
    fetch: Fetch | None = None
    model_name: Annotated[str, AfterValidator(_regular_expression)] | None = None
    """Regular expression for the whole name that clients send, where the engine does not take every one."""
    port: Port
    probes: Probes = Probes()
    schemes: Mapping[Scheme, Literal["native", "mount", "file"]]
    """Where models may come from: the server fetches by itself (native), or the model is mounted into it, as a
    directory (mount) or as one file among its neighbours (file)."""
    credentials: Mapping[Scheme, tuple[Credential, ...]] = {}
    """By scheme: what comes from the user's Secret."""
    api: Literal["openai"] | None = None
    """The API that clients speak; `openai` has its root at /v1."""
    cache_path: Path | None = None
    """Where an empty, writable volume is mounted."""
    max_devices: Annotated[int, Field(ge=1)] | None = None
    """How many devices of a pod the server can use; None where it can use all."""
    shared_memory: Quantity | None = None
    """Size of /dev/shm when a pod has more than one device."""
    security_context: Manifest = Field(default_factory=dict)
    """Of the server container, as in Kubernetes."""
    vendor_security_context: Mapping[Vendor, Manifest] = {}
    """Instead of it, for vendors whose devices need another."""
    requests: Requests
    drain_seconds: Seconds
    """How long the server may finish running requests once it is told to stop."""
    pre_stop_seconds: Seconds
    """How long a pod goes on serving once it is to stop, until every client has learnt that it leaves."""

    @property
    def base_path(self) -> str:
        """What clients append to the address of the Service."""
        return "/v1" if self.api == "openai" else ""

    def uses(self, placeholder: str) -> bool:
        """Whether any of its texts holds the placeholder: what it does not use, it cannot honour."""
        texts = [*self.command, *(self.fetch.command if self.fetch else ())]
        texts += [text for argument in self.args for text in argument.templates]
        texts += [variable.value for variable in self.env]
        return any(placeholder in placeholders.names_in(text) for text in texts)

    @model_validator(mode="after")
    def _refers_to_what_it_has(self) -> Self:
        vendors = {*self.image, CPU}
        for entry in self._conditional():
            for scheme in entry.when.schemes:
                if scheme not in self.schemes:
                    raise ValueError(f"when.schemes: {scheme} is none of the schemes")
            if entry.when.vendor not in (None, *vendors):
                raise ValueError(f"when.vendor {entry.when.vendor} has no image")
        if not self.credentials.keys() <= self.schemes.keys():
            raise ValueError("credentials of a scheme that is none of the schemes")
        if self.fetch and not self.cache_path:
            raise ValueError("fetch: needs cachePath, where it puts the model")
        if not self.vendor_security_context.keys() <= vendors:
            raise ValueError("vendorSecurityContext of a vendor that has no image")
        return self

    def _conditional(self) -> Iterator[Argument | Variable]:
        yield from self.args
        yield from self.env
