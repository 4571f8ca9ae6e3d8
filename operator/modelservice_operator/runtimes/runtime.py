"""A runtime: how one model server is started, probed and stopped. The shape of the YAML files beside this one."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from modelservice_operator.manifest import Manifest
from modelservice_operator.quantity import InvalidQuantity, canonical_quantity
from modelservice_operator.runtimes import placeholders

CPU = "cpu"
"""What `image` and `when.vendor` call a pod without an accelerator."""


def _known_placeholders(text: str) -> str:
    unknown = placeholders.names_in(text) - placeholders.MEANINGS.keys()
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in placeholders.MEANINGS)
        raise ValueError(f"unknown placeholder {{{min(unknown)}}}; known are {known}")
    return text


def _canonical_quantity(text: str) -> str:
    try:
        return canonical_quantity(text)
    except InvalidQuantity as error:
        raise ValueError(str(error)) from error


Template = Annotated[str, AfterValidator(_known_placeholders)]
"""Text with placeholders."""

Quantity = Annotated[str, AfterValidator(_canonical_quantity)]
"""A Kubernetes quantity, as the API server prints it."""

Path = Annotated[str, Field(pattern="^/")]
Seconds = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Data(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class When(_Data):
    """For which pods an entry is meant; what is not given does not matter."""

    scheme: str | None = None
    """Scheme of the model's URI."""
    vendor: str | None = None
    """Vendor of the accelerator, or `cpu`."""

    def holds(self, scheme: str | None, vendor: str) -> bool:
        """Whether a pod with a model of this scheme and an accelerator of this vendor is meant."""
        return self.scheme in (None, scheme) and self.vendor in (None, vendor)


class Argument(_Data):
    """A flag of the server. One that the user gives, in whatever spelling, replaces ours."""

    flag: Annotated[str, Field(pattern="^--?[A-Za-z]")]
    value: Template
    aliases: tuple[str, ...] = ()
    """Other names that the server knows the flag by."""
    when: When = When()


class Variable(_Data):
    """An environment variable of the server. One that the user gives replaces ours."""

    name: str
    value: Template
    when: When = When()


class Probes(_Data):
    """Paths that answer 200. Without one, an open port is enough."""

    startup: Path | None = None
    readiness: Path | None = None
    liveness: Path | None = None


class DeviceRequests(_Data):
    """What the server container requests for each of its devices."""

    cpu: Quantity
    memory: Quantity


class CpuOnlyRequests(_Data):
    """What the server container requests when it has no device."""

    cpu: Quantity
    memory: Quantity
    """When the size of the model is unknown."""
    memory_per_model_size: Annotated[float, Field(gt=0)]
    """Memory as a multiple of the size of the model, when that is known."""


class Requests(_Data):
    """Requested CPU and memory of the server container."""

    per_device: DeviceRequests
    cpu_only: CpuOnlyRequests


class Runtime(_Data):
    """A model server."""

    name: str
    formats: tuple[str, ...] = ()
    """Formats of models that it serves when no runtime is named; no other runtime has the same."""
    image: Mapping[str, str] = {}
    """Container image by vendor of the accelerator, and `cpu`. A runtime without images needs one from the user."""
    command: tuple[Template, ...] = ()
    """Without one, the image's own entrypoint runs."""
    args: tuple[Argument, ...] = ()
    env: tuple[Variable, ...] = ()
    port: Port
    probes: Probes = Probes()
    schemes: Mapping[str, Literal["native", "mount"]]
    """Where models may come from: the server fetches by itself (native), or the model is mounted into it."""
    credentials: Mapping[str, tuple[str, ...]] = {}
    """By scheme: the environment variables that come from keys of the same name in the user's Secret."""
    api: Literal["openai"] | None = None
    """The API that clients speak; `openai` has its root at /v1."""
    cache_path: Path | None = None
    """Where an empty, writable volume is mounted."""
    shared_memory: Quantity | None = None
    """Size of /dev/shm when a pod has more than one device."""
    security_context: Manifest = {}
    """Of the server container, as in Kubernetes."""
    requests: Requests
    drain_seconds: Seconds
    """How long the server may finish running requests once it is told to stop."""
    pre_stop_seconds: Seconds
    """How long a pod goes on serving once it is to stop, until every client has learnt that it leaves."""

    @property
    def base_path(self) -> str:
        """What clients append to the address of the Service."""
        return "/v1" if self.api == "openai" else ""

    @model_validator(mode="after")
    def _refers_to_what_it_has(self) -> Self:
        vendors = {*self.image, CPU}
        for entry in self._conditional():
            if entry.when.scheme not in (None, *self.schemes):
                raise ValueError(f"when.scheme {entry.when.scheme} is none of the schemes")
            if entry.when.vendor not in (None, *vendors):
                raise ValueError(f"when.vendor {entry.when.vendor} has no image")
        if not self.credentials.keys() <= self.schemes.keys():
            raise ValueError("credentials of a scheme that is none of the schemes")
        return self

    def _conditional(self) -> Iterator[Argument | Variable]:
        yield from self.args
        yield from self.env
