"""Lists whose items must differ."""

from collections.abc import Iterator

from modelservice_operator.manifest import Manifest, canonical_json
from modelservice_operator.validate.fields import LIST_KEYS, LIST_TYPE, below, schema_of
from modelservice_operator.validate.mistakes import Mistake, duplicate, invalid


def list_mistakes(value: object, schema: Manifest, path: str = "") -> Iterator[Mistake]:
    """The items that stand twice in a list of the type set, or that have the keys of another in one of the type map."""
    if isinstance(value, dict):
        for field, inside in value.items():
            if (known := schema_of(field, schema)) is not None:
                yield from list_mistakes(inside, known, below(path, field, schema))
    elif isinstance(value, list):
        yield from _repeated(value, schema, path)
        for index, item in enumerate(value):
            yield from list_mistakes(item, schema.get("items", {}), f"{path}[{index}]")


def _repeated(items: list[object], schema: Manifest, path: str) -> Iterator[Mistake]:
    kind = schema.get(LIST_TYPE)
    if kind == "map":
        for index, item in enumerate(items):
            if not isinstance(item, dict | None):
                yield invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map")
                return
        items = [_keys(item, schema[LIST_KEYS]) for item in items]
    elif kind != "set":
        return
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        identity = canonical_json(item)
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] == 2:  # the API server names the first repetition alone
            yield duplicate(f"{path}[{index}]", item)


def _keys(item: object, keys: list[str]) -> Manifest:
    return {key: item[key] for key in keys if key in item} if isinstance(item, dict) else {}
