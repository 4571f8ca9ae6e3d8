"""Reading the spec of an object, whatever it holds."""

import json
import re
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from modelservice_operator.api import rules
from modelservice_operator.api.accelerator import MEMORY, PARTITION_ONLY_FOR_NVIDIA, Accelerator
from modelservice_operator.api.names import DNS_LABEL
from modelservice_operator.api.resources import POSITIVE, Amounts
from modelservice_operator.api.scaling import MIN_WITHIN_MAX, PERCENT, PERCENTAGE, SIGNAL_NEEDED, Scaling
from modelservice_operator.api.spec import Model, ModelServiceSpec, RuntimeSpec
from modelservice_operator.api.types.env import EnvVar
from modelservice_operator.api.uri import InvalidUri, parse_uri
from modelservice_operator.manifest import Manifest
from modelservice_operator.quantity import is_quantity, parse_quantity

DEEPEST_PATCH: Final = 50
"""Levels of the patch on the pod template. The API server takes ten thousand, and Python follows no thousand."""


class InvalidSpec(ValueError):
    """The spec cannot be followed. Each mistake is a sentence that begins with the path of a field."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__(" ".join(f"{mistake}." for mistake in mistakes))
        self.mistakes = mistakes


def read_spec(raw: Manifest, name: str) -> ModelServiceSpec:
    """The spec of the ModelService called `name`.

    Fields of a newer version are ignored. Of the rules of the CRD those hold here too that the planner relies on, or
    that keep a field from being without effect: an object may have been stored before a rule existed, or may come
    from a file. Lengths, and names that the API server will judge in the children, are not looked at.

    Raises:
        InvalidSpec: with one sentence for each mistake.
    """
    try:
        spec = ModelServiceSpec.model_validate(_without_nulls(raw))
    except ValidationError as error:
        raise InvalidSpec(tuple(_sentence(detail) for detail in error.errors())) from error
    mistakes = (
        *_name(name),
        *_spec(spec),
        *_runtime(spec.runtime),
        *_env(spec.runtime.env),
        *_pod_template(spec.pod_template.spec if spec.pod_template else None, "spec.podTemplate.spec"),
    )
    if mistakes:
        raise InvalidSpec(mistakes)
    return spec


def _without_nulls(value: object, inside: tuple[str, ...] = ()) -> object:
    """As the API server stores it: a field that is null is absent, but in the part of a patch that is kept as it is."""
    if inside == ("podTemplate", "spec"):
        return value
    if isinstance(value, dict):
        return {key: _without_nulls(item, (*inside, key)) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _name(name: str) -> Iterator[str]:
    if len(name) > rules.MAX_NAME:
        yield _wrong("metadata.name", name, rules.NAME_LENGTH.message)
    if not re.fullmatch(DNS_LABEL, name):
        yield _wrong("metadata.name", name, rules.NAME_SHAPE.message)


def _spec(spec: ModelServiceSpec) -> Iterator[str]:
    if spec.model is not None:
        yield from _model(spec.model, custom=spec.runtime.name == rules.CUSTOM)
    elif spec.runtime.name != rules.CUSTOM:
        yield f"spec.model: {rules.MODEL_REQUIRED.message}"
    if spec.accelerator is not None:
        yield from _accelerator(spec.accelerator)
    if spec.scaling is not None:
        yield from _scaling(spec.scaling)
    yield from _amounts("spec.resources.requests", spec.resources.requests)
    yield from _amounts("spec.resources.limits", spec.resources.limits)


def _accelerator(accelerator: Accelerator) -> Iterator[str]:
    if accelerator.partition is not None and accelerator.vendor != "nvidia":
        yield f"spec.accelerator.partition: {PARTITION_ONLY_FOR_NVIDIA.message}"
    if accelerator.memory is not None and not _is_positive(accelerator.memory):
        yield _wrong("spec.accelerator.memory", accelerator.memory, MEMORY.message)


def _scaling(scaling: Scaling) -> Iterator[str]:
    if scaling.min_replicas > scaling.max_replicas:
        yield f"spec.scaling.minReplicas: {MIN_WITHIN_MAX.message}"
    if not scaling.targets and not scaling.metrics:
        yield f"spec.scaling.targets: {SIGNAL_NEEDED.message}"
    for index, target in enumerate(scaling.targets):
        if not re.fullmatch(PERCENT, target.value):
            yield _wrong(f"spec.scaling.targets[{index}].value", target.value, PERCENTAGE.message)


def _amounts(path: str, given: Amounts | None) -> Iterator[str]:
    amounts = given.model_dump(by_alias=True, exclude_none=True) if given else {}
    for name, amount in amounts.items():
        if not _is_positive(amount):
            yield _wrong(f"{path}.{name}", amount, POSITIVE.message)


def _model(model: Model, *, custom: bool) -> Iterator[str]:
    try:
        scheme = parse_uri(model.uri).scheme
        if custom and scheme not in rules.MOUNTED:
            yield f"spec.model.uri: {rules.CUSTOM_FETCHES_NOTHING.message}"
        if model.credentials and scheme in rules.WITHOUT_CREDENTIALS:
            yield f"spec.model.credentials: {rules.CREDENTIALS_ONLY_WHERE_USED.message}"
    except InvalidUri as error:
        yield _wrong("spec.model.uri", model.uri, str(error))
    if model.size is not None:
        yield from _size(model.size)


def _size(size: str) -> Iterator[str]:
    if not is_quantity(size):
        yield _wrong("spec.model.size", size, rules.SIZE_IS_QUANTITY.message)
    elif not parse_quantity(rules.MIN_SIZE) <= parse_quantity(size) <= parse_quantity(rules.MAX_SIZE):
        yield _wrong("spec.model.size", size, rules.SIZE_RANGE.message)


def _runtime(runtime: RuntimeSpec) -> Iterator[str]:
    if runtime.name == rules.CUSTOM:
        if not runtime.image:
            yield f"spec.runtime.image: {rules.CUSTOM_NEEDS_IMAGE.message}"
        return
    if runtime.name is not None and runtime.name not in rules.RUNTIMES:
        yield _wrong("spec.runtime.name", runtime.name, rules.RUNTIME_NAME.message)
    if runtime.command:
        yield f"spec.runtime.command: {rules.COMMAND_ONLY_FOR_CUSTOM.message}"
    if runtime.port is not None:
        yield f"spec.runtime.port: {rules.PORT_ONLY_FOR_CUSTOM.message}"
    if runtime.health_path is not None:
        yield f"spec.runtime.healthPath: {rules.HEALTH_PATH_ONLY_FOR_CUSTOM.message}"


def _env(variables: tuple[EnvVar, ...]) -> Iterator[str]:
    for index, variable in enumerate(variables):
        if not variable.name:
            yield f"spec.runtime.env[{index}].name: {rules.ENV_NAME.message}"
        resource = variable.value_from.resource_field_ref if variable.value_from else None
        if resource and resource.divisor is not None and not is_quantity(resource.divisor):
            path = f"spec.runtime.env[{index}].valueFrom.resourceFieldRef.divisor"
            yield _wrong(path, resource.divisor, rules.ENV_DIVISOR.message)


def _pod_template(patch: Manifest | None, path: str) -> Iterator[str]:
    if _is_deeper(patch, DEEPEST_PATCH):
        yield f"{path}: may not be nested more than {DEEPEST_PATCH} levels deep, as no part of a pod is"
    else:
        yield from _nulls(patch, path)


def _is_deeper(value: object, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(item, levels - 1) for item in inside)


def _nulls(value: object, path: str) -> Iterator[str]:
    """Some clients send a null and some leave it out: what it would mean depends on them."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                yield (
                    f"{path}.{key}: may not be null, which server-side apply makes of a section that was emptied: "
                    'leave the field out, or write "$patch: delete" beside it'
                )
            yield from _nulls(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is None:
                yield f"{path}[{index}]: may not be null: leave it out"
            yield from _nulls(item, f"{path}[{index}]")


def _is_positive(text: str) -> bool:
    return is_quantity(text) and parse_quantity(text) > 0


def _wrong(path: str, value: object, message: str) -> str:
    return f"{path}: {json.dumps(value, ensure_ascii=False, default=str)} {message}"


_DEMANDS = {
    "missing": "must be set",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "model_type": "must be a map of fields",
}


def _sentence(detail: ErrorDetails) -> str:
    """What pydantic found, in the words of the rules."""
    path = "spec" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    demand = _DEMANDS.get(detail["type"])
    message = demand.format(**detail.get("ctx", {})) if demand else f"is refused: {detail['msg']}"
    return f"{path}: {message}" if detail["type"] == "missing" else _wrong(path, detail["input"], message)
