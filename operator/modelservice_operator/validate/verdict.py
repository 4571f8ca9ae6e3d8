"""The verdict on the text of a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from modelservice_operator import api
from modelservice_operator.documents import read_documents
from modelservice_operator.manifest import Manifest
from modelservice_operator.validate.mistakes import Mistake
from modelservice_operator.validate.unknown import did_you_mean
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.wire import as_json

_LISTS: Final = ("List", f"{api.KIND}List")
_NEARLY: Final = 0.8
"""How like ours an apiVersion is that was meant to be it: other projects have a ModelService too."""


@dataclass(slots=True)
class Verdict:
    """What was found: a line for each mistake, how many ModelServices were judged, and the kinds of other objects."""

    findings: list[str] = field(default_factory=list)
    judged: int = 0
    skipped: list[str] = field(default_factory=list)


def verdict(validator: Validator, text: str) -> Verdict:
    """Judges every ModelService in a text of YAML or JSON; several documents and lists are fine.

    A line begins with where the object stands, such as `document 2, ModelService ml/qwen`.

    Raises:
        InvalidYaml: the text cannot be read.
    """
    result = Verdict()
    for number, document in enumerate(read_documents(text), start=1):
        for place, manifest in _objects(f"document {number}", as_json(document)):
            _judge(validator, place, manifest, result)
    return result


def _objects(place: str, document: object) -> Iterator[tuple[str, object]]:
    """The objects of a document, each with where it stands; more than one for a list."""
    items = document.get("items") if isinstance(document, dict) and document.get("kind") in _LISTS else None
    if not isinstance(items, list):
        yield place, document
        return
    for number, item in enumerate(items, start=1):
        yield from _objects(f"{place}, item {number}", item)


def _judge(validator: Validator, place: str, manifest: object, result: Verdict) -> None:
    if not isinstance(manifest, dict):
        result.findings.append(f"{place}: there is no Kubernetes object")
        return
    kind = manifest.get("kind")
    if mistake := _wrong_kind(manifest):
        result.findings.append(_line(place, mistake))
    elif kind != api.KIND or manifest.get("apiVersion") != api.API_VERSION:
        result.skipped.append(str(kind))
    else:
        result.judged += 1
        place = f"{place}, {_named(manifest)}"
        result.findings += [_line(place, mistake) for mistake in validator.mistakes(manifest)]


def _wrong_kind(manifest: Manifest) -> Mistake | None:
    """What keeps an object from being recognised: no kind, or an apiVersion or kind that is nearly ours."""
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(kind, str) or not kind:
        return Mistake("kind", "must be set")
    if kind in _LISTS:
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
