"""The verdict on the text of a file."""

from dataclasses import dataclass, field
from typing import Final

from modelservice_operator import api
from modelservice_operator.documents import InvalidYaml
from modelservice_operator.manifest import Manifest
from modelservice_operator.render import refusals
from modelservice_operator.validate.kind import NO_OBJECT, is_model_service, wrong_kind
from modelservice_operator.validate.objects import objects_in
from modelservice_operator.validate.validator import Validator

_TAKEN: Final = "(The API server takes it; the status would say so.)"


@dataclass(slots=True)
class Verdict:
    """What was found: a line for each document that cannot be read and for each mistake; how many were judged."""

    unreadable: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    judged: int = 0
    skipped: list[Manifest] = field(default_factory=list)
    """Objects of other kinds."""


def verdict(validator: Validator, text: str) -> Verdict:
    """Judges every ModelService in a text of YAML or JSON; several documents and lists are fine.

    A line begins with where the object stands, such as `document 2, ModelService ml/qwen`.
    """
    result = Verdict()
    for place, found in objects_in(text):
        try:
            _judge(validator, place, found, result)
        except (InvalidYaml, RecursionError) as error:
            why = "it is nested too deeply" if isinstance(error, RecursionError) else error
            result.unreadable.append(f"{place}: {why}")
    return result


def _judge(validator: Validator, place: str, found: object, result: Verdict) -> None:
    if isinstance(found, InvalidYaml):
        raise found
    if not isinstance(found, dict):
        result.findings.append(f"{place}: {NO_OBJECT}")
    elif mistake := wrong_kind(found):
        result.findings.append(f"{place}: {mistake}")
    elif not is_model_service(found):
        result.skipped.append(found)
    else:
        result.judged += 1
        place = f"{place}, {_named(found)}"
        mistakes = validator.mistakes(found)
        result.findings += [f"{place}: {mistake}" for mistake in mistakes]
        if not mistakes:
            result.findings += [f"{place}: {refusal} {_TAKEN}" for refusal in refusals(found)]


def _named(manifest: Manifest) -> str:
    """The kind of the object with its name, and its namespace if it says one."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
    return f"{api.KIND} {name}".rstrip()
