"""What a spec asks of its runtime for the model, and which runtimes can do it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from modelservice_operator.api.spec import Model, ModelServiceSpec
from modelservice_operator.api.uri import ModelUri, parse_uri
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.server import NUMBER, flag_names
from modelservice_operator.runtimes import flags, placeholders
from modelservice_operator.runtimes.runtime import Runtime

COUNTED_BY_ENGINES: Final = ("nvidia", "amd")
"""Vendors whose devices are for the engines what they are for Kubernetes. Of others a chip may be several."""

Can = Callable[[Runtime], bool]


def refuse_what_it_cannot(spec: ModelServiceSpec, runtime: Runtime, runtimes: Mapping[str, Runtime]) -> None:
    """Check what is asked for against what the texts of the runtime make use of.

    Raises:
        PlanError: the runtime would pass something over; the remedy names those that would not.
    """
    if spec.model is None:
        if runtime.uses(placeholders.MODEL_REFERENCE):
            raise PlanError(
                f"spec.model is missing: the runtime {runtime.name} has nothing to serve.", "Set spec.model.uri."
            )
        return
    uri = parse_uri(spec.model.uri)
    _source(uri, runtime, runtimes)
    _choice_in_repository(uri, runtime, runtimes)
    _name(spec.model, runtime, runtimes)
    _devices(spec, runtime)
    if spec.model.credentials and uri.scheme not in runtime.credentials:
        raise PlanError(
            f"spec.model.credentials: the runtime {runtime.name} uses none for {uri.scheme}://.",
            "Leave the field out.",
        )


def _source(uri: ModelUri, runtime: Runtime, runtimes: Mapping[str, Runtime]) -> None:
    if uri.scheme not in runtime.schemes:
        others = _those_that(lambda other: uri.scheme in other.schemes, runtimes)
        own = " or ".join(f"{scheme}://" for scheme in runtime.schemes)
        raise PlanError(
            f"spec.model.uri: the runtime {runtime.name} cannot serve a model from {uri.scheme}://.",
            f"Use {own}, or {others}.",
        )
    endings = tuple(f".{model_format}" for model_format in runtime.formats)
    if runtime.schemes[uri.scheme] == "file" and not (uri.path or "").lower().endswith(endings):
        raise PlanError(
            f"spec.model.uri: the runtime {runtime.name} needs the path of a file that ends in {' or '.join(endings)}.",
            f"Write {uri.scheme}://{uri.claim}/path/model{endings[0]}.",
        )


def _choice_in_repository(uri: ModelUri, runtime: Runtime, runtimes: Mapping[str, Runtime]) -> None:
    asked = (
        (uri.revision, placeholders.MODEL_REVISION, "a revision", f"@{uri.revision}"),
        (uri.file, placeholders.MODEL_FILE, "one file of a repository", f"/{uri.file}"),
        (uri.quantization, placeholders.MODEL_QUANTIZATION, "a quantization", f":{uri.quantization}"),
    )
    for value, placeholder, what, text in asked:
        if value and not runtime.uses(placeholder):
            others = _those_that(_use_of([needs for given, needs, _, _ in asked if given], uri.scheme), runtimes)
            raise PlanError(
                f"spec.model.uri: the runtime {runtime.name} cannot choose {what}.",
                f"Leave {text} out, or use {others}.",
            )


def _name(model: Model, runtime: Runtime, runtimes: Mapping[str, Runtime]) -> None:
    if not model.name:
        return
    if not runtime.uses(placeholders.MODEL_NAME):
        others = _those_that(_use_of([placeholders.MODEL_NAME], parse_uri(model.uri).scheme), runtimes)
        raise PlanError(
            f"spec.model.name: the runtime {runtime.name} serves a model under a name of its own.",
            f"Leave the field out, or use {others}.",
        )
    if runtime.model_name and not re.fullmatch(runtime.model_name, model.name):
        raise PlanError(
            f"spec.model.name: the runtime {runtime.name} cannot serve a model as {model.name}.",
            f"Write a name that matches {runtime.model_name}.",
        )


def _devices(spec: ModelServiceSpec, runtime: Runtime) -> None:
    most = runtime.max_devices
    if spec.accelerator is None:
        return
    if most is not None and spec.accelerator.count > most:
        raise PlanError(
            f"spec.accelerator.count: the runtime {runtime.name} uses at most {most} for each pod.",
            f"Write {most}, and more replicas for more requests.",
        )
    if spec.accelerator.vendor in COUNTED_BY_ENGINES:
        _flag_of_count(spec.runtime.args, spec.accelerator.count, runtime)


def _flag_of_count(args: Sequence[str], count: int, runtime: Runtime) -> None:
    """Fewer than the pod has may be meant, as with pipelines; more never start."""
    for argument in runtime.args:
        given = flags.value_of(flag_names(argument), args)
        asked = int(given) if given and NUMBER.fullmatch(given) else 0
        if argument.value == f"{{{placeholders.ACCELERATOR_COUNT}}}" and asked > count:
            raise PlanError(
                f"spec.runtime.args: {argument.flag} asks for {asked} devices, and the pod has {count}.",
                f"Write {asked} as spec.accelerator.count and leave the flag out: it follows from there.",
            )


def _use_of(needed: Iterable[str], scheme: str) -> Can:
    """Whether a runtime knows the scheme and makes use of every one of these placeholders."""
    return lambda runtime: scheme in runtime.schemes and all(map(runtime.uses, needed))


def _those_that(can: Can, runtimes: Mapping[str, Runtime]) -> str:
    names = [name for name, runtime in runtimes.items() if can(runtime)]
    return f"spec.runtime.name: {' or '.join(names)}" if names else "another source"
