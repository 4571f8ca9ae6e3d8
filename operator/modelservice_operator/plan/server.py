"""The spec of a ModelService with every default resolved: what one server is to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.uri import ModelUri, parse_uri
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.startup import budget_seconds
from modelservice_operator.runtimes import flags, placeholders
from modelservice_operator.runtimes.runtime import CPU, Argument, Runtime, When

MODEL_PATH: Final = "/model"
"""Where a mounted model lies in the server container."""

_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Server:
    """One server container, decided: what the builders of its parts need beside the spec."""

    runtime: Runtime
    image: str
    uri: ModelUri | None
    vendor: str
    """Vendor of the devices, or `cpu`."""
    devices: int
    port: int
    drain_seconds: int
    startup_seconds: int
    values: Mapping[str, str]
    """Of the placeholders in the runtime's texts."""

    @property
    def mounts_model(self) -> bool:
        """The model is mounted, instead of fetched by the server."""
        return self.uri is not None and self.runtime.schemes[self.uri.scheme] == "mount"

    def wants(self, when: When) -> bool:
        """Whether an entry of the runtime is meant for this server."""
        return when.holds(self.uri.scheme if self.uri else None, self.vendor)


def resolve(parent_name: str, spec: ModelServiceSpec, runtime: Runtime) -> Server:
    """What the runtime is to do for this spec.

    Raises:
        PlanError: the runtime cannot do it; the message says what it can.
    """
    vendor = spec.accelerator.vendor if spec.accelerator else CPU
    devices = spec.accelerator.count if spec.accelerator else 0
    uri = _model_uri(spec, runtime)
    port = _number(spec, runtime, placeholders.PORT, spec.runtime.port or runtime.port)
    if not 1 <= port <= _HIGHEST_PORT:
        raise PlanError(f"spec.runtime.args: {port} is no port.", f"Choose one from 1 to {_HIGHEST_PORT}.")
    drain_seconds = _number(spec, runtime, placeholders.DRAIN_SECONDS, runtime.drain_seconds)
    startup_seconds = budget_seconds(spec.model.size if spec.model else None)
    values = {
        placeholders.PORT: str(port),
        placeholders.DRAIN_SECONDS: str(drain_seconds),
        placeholders.STARTUP_SECONDS: str(startup_seconds),
    }
    if devices > 1:
        values[placeholders.ACCELERATOR_COUNT] = str(devices)
    if spec.model and uri:
        values[placeholders.MODEL_NAME] = spec.model.name or parent_name
        values |= _reference(uri, runtime)
    return Server(
        runtime=runtime,
        image=_image(spec, runtime, vendor),
        uri=uri,
        vendor=vendor,
        devices=devices,
        port=port,
        drain_seconds=drain_seconds,
        startup_seconds=startup_seconds,
        values=values,
    )


def _reference(uri: ModelUri, runtime: Runtime) -> dict[str, str]:
    if runtime.schemes[uri.scheme] == "mount":
        return {placeholders.MODEL_REFERENCE: MODEL_PATH}
    values = {placeholders.MODEL_REFERENCE: uri.repository or ""}
    if uri.revision:
        values[placeholders.MODEL_REVISION] = uri.revision
    return values


def _image(spec: ModelServiceSpec, runtime: Runtime, vendor: str) -> str:
    image = spec.runtime.image or runtime.image.get(vendor)
    if image:
        return image
    if not runtime.image:
        raise PlanError(
            f"spec.runtime.image is missing: the runtime {runtime.name} has no image of its own.",
            "Set it to the image of your server.",
        )
    raise PlanError(
        f"spec.accelerator.vendor: the runtime {runtime.name} has no image for {vendor}, "
        f"only for {', '.join(runtime.image)}.",
        f"Choose one of these, or set spec.runtime.image to an image that runs on {vendor}.",
    )


def _model_uri(spec: ModelServiceSpec, runtime: Runtime) -> ModelUri | None:
    if spec.model is None:
        if any(placeholders.MODEL_REFERENCE in placeholders.names_in(text) for text in runtime.command):
            raise PlanError(
                f"spec.model is missing: the runtime {runtime.name} has nothing to serve.", "Set spec.model.uri."
            )
        return None
    uri = parse_uri(spec.model.uri)
    if uri.scheme not in runtime.schemes:
        raise PlanError(
            f"spec.model.uri: the runtime {runtime.name} cannot serve a model from {uri.scheme}://.",
            f"Use {' or '.join(f'{scheme}://' for scheme in runtime.schemes)}, or another runtime.",
        )
    if spec.model.credentials and uri.scheme not in runtime.credentials:
        raise PlanError(
            f"spec.model.credentials: the runtime {runtime.name} uses none for {uri.scheme}://.",
            "Leave the field out.",
        )
    return uri


def _number(spec: ModelServiceSpec, runtime: Runtime, placeholder: str, default: int) -> int:
    """The value of a placeholder that shapes the pod: the user may set it by the flag that we would fill with it."""
    for argument in runtime.args:
        given = flags.value_of(flag_names(argument), spec.runtime.args)
        if argument.value == f"{{{placeholder}}}" and given is not None:
            if not _NUMBER.fullmatch(given):
                raise PlanError(
                    f"spec.runtime.args: {given!r} is no value for {argument.flag}.", "Write a whole number."
                )
            return int(given)
    return default


def flag_names(argument: Argument) -> frozenset[str]:
    """Every name, in canonical spelling, that the server knows the flag by."""
    return frozenset(flags.canonical(name) for name in (argument.flag, *argument.aliases))
