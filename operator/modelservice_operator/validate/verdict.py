"""The verdict on the text of a file."""

from dataclasses import dataclass, field
from typing import Final

from modelservice_operator import api
from modelservice_operator.documents import InvalidYaml
from modelservice_operator.manifest import Manifest
from modelservice_operator.render import refusals
from modelservice_operator.validate.mistakes import Mistake
from modelservice_operator.validate.objects import LISTS, objects_in
from modelservice_operator.validate.unknown import did_you_mean
from modelservice_operator.validate.validator import Validator

_NEARLY: Final = 0.8
"""How like ours an apiVersion is that was meant to be it: other projects have a ModelService too."""
_TAKEN: Final = "(The API server takes it; the status would say so.)"


@dataclass(slots=True)
class Verdict:
    """What was found: a line for each document that cannot be read and for each mistake; how many were judged."""

    unreadable: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    judged: int = 0
    skipped: list[str] = field(default_factory=list)
    """Kinds of other objects."""


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
        result.findings.append(f"{place}: there is no Kubernetes object")
        return
    kind = found.get("kind")
    if mistake := wrong_kind(found):
        result.findings.append(_line(place, mistake))
    elif kind != api.KIND or found.get("apiVersion") != api.API_VERSION:
        result.skipped.append(str(kind))
    else:
        result.judged += 1
        place = f"{place}, {_named(found)}"
        mistakes = validator.mistakes(found)
        result.findings += [_line(place, mistake) for mistake in mistakes]
        if not mistakes:
            result.findings += [f"{place}: {refusal} {_TAKEN}" for refusal in refusals(found)]


def wrong_kind(manifest: Manifest) -> Mistake | None:
    """What keeps an object from being recognised: no kind, or an apiVersion or kind that is nearly ours."""
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(kind, str) or not kind:
        return Mistake("kind", "must be set")
    if kind in LISTS:
        return Mistake("items", "must be a list")
    ours = isinstance(version, str) and version.partition("/")[0] == api.GROUP
    if kind != api.KIND:
        return Mistake("kind", f"there is no {kind} in {api.GROUP}{did_you_mean(kind, (api.KIND,))}") if ours else None
    if not isinstance(version, str) or not version:
        return Mistake("apiVersion", f"must be {api.API_VERSION}")
    if version != api.API_VERSION and (ours or did_you_mean(version, (api.API_VERSION,), _NEARLY)):
        return Mistake("apiVersion", f"must be {api.API_VERSION}, not {version}")
    return None


def _named(manifest: Manifest) -> str:
    """The kind of the object with its name, and its namespace if it says one."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
    return f"{api.KIND} {name}".rstrip()


def _line(place: str, mistake: Mistake) -> str:
    return ": ".join(part for part in (place, mistake.field, mistake.message) if part)
