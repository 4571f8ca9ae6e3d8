"""What the operator would create for the ModelServices in a file, without a cluster."""

from functools import cache

from modelservice_operator import api
from modelservice_operator.api.crd import crd
from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.documents import InvalidYaml, write_documents
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.fields import section
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.validate.kind import NO_OBJECT, NOTHING, is_model_service, others, wrong_kind
from modelservice_operator.validate.metadata import named, nameless
from modelservice_operator.validate.objects import objects_in
from modelservice_operator.validate.validator import Validator


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
    for place, found in objects_in(text):
        try:
            children += _children(place, found)
        except RecursionError as error:
            raise InvalidFile(f"{place}: it is nested too deeply") from error
    if not children:
        raise InvalidFile(NOTHING)
    return write_documents(children)


def refusals(manifest: Manifest) -> tuple[str, ...]:
    """What the operator refuses in a ModelService that the API server takes, each with the field and what to do."""
    try:
        _planned(named(manifest["metadata"]), manifest["spec"])
    except InvalidSpec as error:
        return error.mistakes
    except PlanError as error:
        return (str(error),)
    return ()


def _planned(metadata: Manifest, raw: Manifest) -> list[Manifest]:
    """Of the metadata of an object that was read from a cluster nothing but name and namespace matters."""
    name = metadata["name"]
    placed = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    spec = read_spec(raw, name)
    hashed = revision_hash(inputs(name, spec))
    template = render(name, spec, builtin(), hashed).template
    parent = Parent.from_manifest({"metadata": placed, "spec": raw})
    return desired_children(parent, spec, template, intended_replicas(spec, exists=False))


def _children(place: str, found: object) -> list[Manifest]:
    if isinstance(found, InvalidYaml):
        raise InvalidFile(f"{place}: {found}")
    if not isinstance(found, dict):
        raise InvalidFile(f"{place}: {NO_OBJECT}")
    if mistake := wrong_kind(found):
        raise InvalidFile(f"{place}: {mistake}")
    if not is_model_service(found):
        raise InvalidFile(f"{place}: cannot render {others([found])}.")
    metadata = section(found, "metadata")
    if complaint := nameless(metadata):
        raise InvalidFile(f"{place}: {complaint}.")
    place = f"{place}, {api.KIND} {metadata['name']}"
    if not isinstance(found.get("spec"), dict):
        raise InvalidFile(f"{place}: spec is missing.")
    _refuse_what_the_api_server_refuses(place, found)
    try:
        return _planned(found["metadata"], found["spec"])
    except (InvalidSpec, PlanError) as error:
        raise InvalidFile(f"{place}: {error}") from error


def _refuse_what_the_api_server_refuses(place: str, manifest: Manifest) -> None:
    mistakes = _validator().mistakes(manifest)
    if mistakes:
        raise InvalidFile(f"{place}: {'; '.join(map(str, mistakes))}")


@cache
def _validator() -> Validator:
    return Validator(crd(), api.VERSION)
