"""What the operator would create for the ModelServices in a file, without a cluster."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from modelservice_operator import api
from modelservice_operator.api.crd import crd
from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.documents import InvalidYaml, read_documents, write_documents
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.wire import as_json

_LISTS: Final = frozenset({("v1", "List"), (api.API_VERSION, f"{api.KIND}List")})


class InvalidFile(ValueError):
    """The file cannot be rendered; the message names the document, the object and the field."""


def render_file(text: str) -> str:
    """The children of every ModelService in a text of YAML or JSON, as YAML and in the order in which they are applied.

    Several documents and lists are fine. What only a cluster knows is left out: ControllerRevisions, owner
    references, status.

    Raises:
        InvalidFile: no YAML, an empty file, an object of another kind, or a ModelService that the API server or the
            operator would refuse.
    """
    children: list[Manifest] = []
    try:
        for number, document in enumerate(read_documents(text), start=1):
            for place, manifest in _objects(f"document {number}", as_json(document)):
                children += _children(place, manifest)
    except InvalidYaml as error:
        raise InvalidFile(str(error)) from error
    except RecursionError as error:
        raise InvalidFile("it is nested too deeply") from error
    if not children:
        raise InvalidFile(f"There is no {api.KIND} in it.")
    return write_documents(children)


def _objects(place: str, document: object) -> Iterator[tuple[str, Manifest]]:
    """The objects of a document, each with where it stands; more than one for a list."""
    if not isinstance(document, dict):
        raise InvalidFile(f"{place} is no Kubernetes object.")
    if (document.get("apiVersion"), document.get("kind")) not in _LISTS:
        yield place, document
        return
    items = document.get("items")
    if not isinstance(items, list):
        raise InvalidFile(f"{place}: items must be a list.")
    for number, item in enumerate(items, start=1):
        yield from _objects(f"{place}, item {number}", item)


def _children(place: str, manifest: Manifest) -> list[Manifest]:
    name = _name(place, manifest)
    place = f"{place}, {api.KIND} {name}"
    raw = manifest.get("spec")
    if not isinstance(raw, dict):
        raise InvalidFile(f"{place}: spec is missing.")
    _refuse_what_the_api_server_refuses(place, manifest)
    parent = Parent.from_manifest({"metadata": _placed(manifest["metadata"]), "spec": raw})
    try:
        spec = read_spec(raw, name)
        hashed = revision_hash(inputs(name, spec))
        template = render(name, spec, builtin(), hashed).template
        return desired_children(parent, spec, template, intended_replicas(spec, exists=False))
    except (InvalidSpec, PlanError) as error:
        raise InvalidFile(f"{place}: {error}") from error


def _name(place: str, manifest: Manifest) -> str:
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if not kind:
        raise InvalidFile(f"{place} has no kind.")
    if kind != api.KIND:
        raise InvalidFile(f"{place} is a {kind}: only {api.KIND}s can be rendered.")
    if version != api.API_VERSION:
        raise InvalidFile(f"{place}: apiVersion must be {api.API_VERSION}, not {version}.")
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not name:
        raise InvalidFile(f"{place}: metadata.name is missing.")
    if not isinstance(name, str):
        raise InvalidFile(f"{place}: metadata.name must be a text: put {name} into quotes.")
    return name


def _placed(metadata: Manifest) -> Manifest:
    """Name and namespace: nothing else of an object that was read from a cluster matters."""
    return {key: metadata[key] for key in ("name", "namespace") if key in metadata}


def _refuse_what_the_api_server_refuses(place: str, manifest: Manifest) -> None:
    mistakes = _validator().mistakes(manifest)
    if mistakes:
        told = (": ".join(filter(None, (mistake.field, mistake.message))) for mistake in mistakes)
        raise InvalidFile(f"{place}: {'; '.join(told)}")


@cache
def _validator() -> Validator:
    return Validator(crd(), api.VERSION)
