"""The objects in a text."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator import api
from modelservice_operator.documents import InvalidYaml, parts, read_part
from modelservice_operator.validate.wire import as_json

LISTS: Final = ("List", f"{api.KIND}List")


def objects_in(text: str) -> Iterator[tuple[str, object]]:
    """What stands in a text of YAML or JSON, as it reaches the API server, each with where: `document 2, item 1`.

    Several documents and lists are fine. For a document that cannot be read there is the `InvalidYaml` that says why.
    """
    number = 0
    for part in parts(text):
        documents: list[object]
        try:
            documents = [as_json(document) for document in read_part(part)]
        except InvalidYaml as error:
            documents = [error]
        for document in documents:
            number += 1
            yield from _objects(f"document {number}", document)


def _objects(place: str, document: object) -> Iterator[tuple[str, object]]:
    items = document.get("items") if isinstance(document, dict) and document.get("kind") in LISTS else None
    if not isinstance(items, list):
        yield place, document
        return
    for number, item in enumerate(items, start=1):
        yield from _objects(f"{place}, item {number}", item)
