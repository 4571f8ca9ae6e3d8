"""The ModelServices in files, each of which is to be asked about."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from modelservice_operator import api
from modelservice_operator.documents import InvalidYaml
from modelservice_operator.files import Unreadable, files_in, read_text
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import section, text
from modelservice_operator.validate.kind import NO_OBJECT, NOTHING, is_model_service, others, wrong_kind
from modelservice_operator.validate.metadata import nameless, naming_mistakes
from modelservice_operator.validate.objects import objects_in


@dataclass(slots=True)
class Given:
    """What the files hold."""

    services: list[Manifest] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """A line for each file or document that is of no use."""
    remarks: list[str] = field(default_factory=list)


def read_files(names: Iterable[str], namespace: str | None, default: str) -> Given:
    """The ModelServices in files, directories or `-`, each with its namespace.

    `namespace` is the one that was asked for, if any was; `default` is for those that say none.
    """
    given = Given()
    for name in names:
        try:
            for file in files_in(name):
                _read(given, file, namespace, default)
        except Unreadable as error:
            given.errors.append(f"{name}: {error}")
    if not (given.services or given.errors or given.remarks):
        given.errors.append(NOTHING)
    given.errors += [
        f"{api.KIND} {place}/{name} stands there {count} times: leave one of them"
        for (place, name), count in Counter(map(_identity, given.services)).items()
        if count > 1
    ]
    return given


def _identity(service: Manifest) -> tuple[str, str]:
    return service["metadata"]["namespace"], service["metadata"]["name"]


def _read(given: Given, file: str, namespace: str | None, default: str) -> None:
    skipped: list[Manifest] = []
    for number, found in objects_in(read_text(file)):
        place = f"{file}: {number}"
        if isinstance(found, InvalidYaml):
            given.errors.append(f"{place}: {found}")
        elif not isinstance(found, dict):
            given.errors.append(f"{place}: {NO_OBJECT}")
        elif mistake := wrong_kind(found):
            given.errors.append(f"{place}: {mistake}")
        elif is_model_service(found):
            _take(given, place, found, namespace, default)
        else:
            skipped.append(found)
    if skipped:
        given.remarks.append(f"{file}: skipped {others(skipped)}.")


def _take(given: Given, place: str, found: Manifest, namespace: str | None, default: str) -> None:
    metadata = section(found, "metadata")
    name, said = text(metadata, "name"), text(metadata, "namespace")
    if mistake := nameless(metadata):
        given.errors.append(f"{place}: {mistake}")
    elif metadata.get("namespace") not in (None, said):
        given.errors.append(f"{place}: metadata.namespace: must be a text")
    elif namespace and said and said != namespace:
        given.errors.append(f"{place}: metadata.namespace: is {said}, and {namespace} was asked for")
    elif mistakes := [f"{place}: {mistake}" for mistake in naming_mistakes({"name": name, "namespace": said})]:
        # They become the path of a request: before that nobody else looks at them.
        given.errors += mistakes
    else:
        placed = {**metadata, "namespace": said or default}
        given.services.append({key: found[key] for key in found if key != "status"} | {"metadata": placed})
