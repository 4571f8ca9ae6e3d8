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
from modelservice_operator.runtimes.runtime import CPU, Argument, Credential, Runtime, When

MODEL_PATH: Final = "/model"
"""Where a mounted model lies in the server container."""
CREDENTIALS_PATH: Final = "/credentials"
"""Where the keys of a Secret lie that an engine wants as files."""

NUMBER: Final = re.compile(r"[0-9]{1,9}")
"""What a flag takes for one."""
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
        return self.uri is not None and self.runtime.schemes[self.uri.scheme] != "native"

    @property
    def mounts_file(self) -> bool:
        """The model is one file, of which the directory is mounted: it may have parts beside it."""
        return self.uri is not None and self.runtime.schemes[self.uri.scheme] == "file"

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What the source of the model may ask for."""
        return self.runtime.credentials.get(self.uri.scheme, ()) if self.uri else ()

    def wants(self, when: When) -> bool:
        """Whether an entry of the runtime is meant for this server."""
        scheme = self.uri.scheme if self.uri else None
        return when.holds(scheme, self.vendor, quantization=bool(self.uri and self.uri.quantization))


def resolve(parent_name: str, spec: ModelServiceSpec, runtime: Runtime) -> Server:
    """What the runtime is to do for this spec.

    `demands` has found that the runtime can do it, as far as the model goes.

    Raises:
        PlanError: an image, a port or another number is missing or wrong.
    """
    vendor = spec.accelerator.vendor if spec.accelerator else CPU
    devices = spec.accelerator.count if spec.accelerator else 0
    uri = parse_uri(spec.model.uri) if spec.model else None
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
    source = runtime.schemes[uri.scheme]
    if source == "mount":
        return {placeholders.MODEL_REFERENCE: MODEL_PATH}
    if source == "file":
        return {placeholders.MODEL_REFERENCE: f"{MODEL_PATH}/{(uri.path or '').rpartition('/')[2]}"}
    values = {
        placeholders.MODEL_REFERENCE: uri.repository or uri.address,
        placeholders.MODEL_REVISION: uri.revision,
        placeholders.MODEL_FILE: uri.file,
        placeholders.MODEL_QUANTIZATION: uri.quantization,
    }
    return {name: value for name, value in values.items() if value}


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


def _number(spec: ModelServiceSpec, runtime: Runtime, placeholder: str, default: int) -> int:
    """The value of a placeholder that shapes the pod: the user may set it by the flag that we would fill with it."""
    for argument in runtime.args:
        given = flags.value_of(flag_names(argument), spec.runtime.args)
        if argument.value == f"{{{placeholder}}}" and given is not None:
            if not NUMBER.fullmatch(given):
                wrong = f"{given!r} is no value for {argument.flag}" if given else f"{argument.flag} has no value"
                raise PlanError(
                    f"spec.runtime.args: {wrong}.", f"Write a whole number, as in {argument.flag}={default}."
                )
            return int(given)
    return default


def flag_names(argument: Argument) -> frozenset[str]:
    """Every name, in canonical spelling, that the server knows the flag by."""
    return frozenset(flags.canonical(name) for name in (argument.flag, *argument.aliases))
