"""The part of a child that is the operator's matter: two such parts are compared, without what others add."""

import json
from collections.abc import Iterator
from typing import Final

from modelservice_operator.diff import MERGE_KEYS, merge_key, same
from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.plan import names
from modelservice_operator.records.fields import items, section

_IDENTITY: Final = ("apiVersion", "kind")


def owned(live: Manifest, intent: Manifest) -> Manifest:
    """What a live child holds of what the operator applied to it, and of what the intent is about."""
    fields = next(_applied(live), None)
    kept = _kept({key: live[key] for key in ("metadata", "spec") if key in live}, fields, intent, "")
    found: Manifest = {key: live[key] for key in _IDENTITY} | (kept if isinstance(kept, dict) else {})
    metadata = section(found, "metadata")
    found["metadata"] = metadata | {key: live["metadata"][key] for key in ("name", "namespace")}
    if names.APPLIED_HASH in section(metadata, "annotations"):
        rest = {key: text for key, text in metadata["annotations"].items() if key != names.APPLIED_HASH}
        found["metadata"] = {key: value for key, value in found["metadata"].items() if key != "annotations"}
        found["metadata"] |= {"annotations": rest} if rest else {}
    return found


def is_ours(live: Manifest, path: str) -> bool:
    """One of our managers still holds the field of a live child at this path, as `diff` spells it.

    Who changes or removes a field by a request of their own takes it over. What an admission policy made of a request
    of ours is ours, whatever it holds.
    """
    return any(
        _holds(section(entry, "fieldsV1"), f".{path}")
        for entry in items(section(live, "metadata"), "managedFields")
        if entry.get("manager") in names.OUR_MANAGERS and not entry.get("subresource")
    )


def _holds(fields: Manifest, path: str) -> bool:
    parts = {key: part for key, part in fields.items() if key != "."}
    return (
        not parts
        or not path
        or any(
            _holds(part, path.removeprefix(step))
            for key, part in parts.items()
            for step in _steps(key)
            if path == step or path.startswith((f"{step}.", f"{step}["))
        )
    )


def _steps(key: str) -> list[str]:
    """How a key of managedFields may stand in a path: a field by its name, an item of a list by any of its keys."""
    kind, _, name = key.partition(":")
    return [f".{name}"] if kind == "f" else [f"[{value}]" for value in json.loads(name).values()] if kind == "k" else []


def in_words_of(live: object, wanted: object, path: str = "") -> object:
    """What is wanted, in the spelling and order of the live object where that says the same.

    A quantity may be spelt otherwise, a zero value be left out, a list that is merged have another order.
    """
    if isinstance(wanted, dict):
        there = live if isinstance(live, dict) else {}
        pairs = ((key, value, joined(path, key)) for key, value in wanted.items())
        return {
            key: in_words_of(there.get(key), value, place)
            for key, value, place in pairs
            if key in there or not same({}, {key: value}, path)
        }
    if isinstance(wanted, list):
        return _list_in_words_of(live if isinstance(live, list) else [], wanted, path)
    return live if same(live, wanted, path) else wanted


def _list_in_words_of(live: list[object], wanted: list[object], path: str) -> list[object]:
    keys = MERGE_KEYS.get(path.rpartition(".")[2])
    if keys is None:
        return live if same(live, wanted, path) else wanted
    there = {merge_key(item, keys): item for item in live}
    order = list(there)
    given = {merge_key(item, keys): in_words_of(there.get(merge_key(item, keys)), item, path) for item in wanted}
    return [given[key] for key in sorted(given, key=lambda key: order.index(key) if key in order else len(order))]


def _applied(live: Manifest) -> Iterator[Manifest]:
    """The fields that the operator's intent set, in the spelling of managedFields."""
    for entry in items(section(live, "metadata"), "managedFields"):
        if (entry.get("manager"), entry.get("operation")) == (names.FIELD_MANAGER, "Apply"):
            yield section(entry, "fieldsV1")


def _kept(live: object, fields: Manifest | None, wanted: object, path: str) -> object:
    """Of a live value what the fields name, all of it if they name no part, and what is wanted of it.

    `fields` is None where nothing of the value was applied.
    """
    parts = {key: part for key, part in (fields or {}).items() if key != "."}
    whole = fields is not None and not parts
    if isinstance(live, dict) and not whole:
        asked = wanted if isinstance(wanted, dict) else {}
        return {
            key: _kept(value, parts.get(f"f:{key}"), asked.get(key), joined(path, key))
            for key, value in live.items()
            if f"f:{key}" in parts or key in asked
        }
    keys = MERGE_KEYS.get(path.rpartition(".")[2])
    if isinstance(live, list) and keys is not None and not whole:
        return list(_kept_items(live, parts, wanted if isinstance(wanted, list) else [], keys, path))
    return live


def _kept_items(
    live: list[object], parts: Manifest, wanted: list[object], keys: tuple[str, ...], path: str
) -> Iterator[object]:
    applied = {merge_key(json.loads(key[2:]), keys): part for key, part in parts.items() if key.startswith("k:")}
    asked = {merge_key(item, keys): item for item in wanted}
    for item in live:
        key = merge_key(item, keys)
        if key in applied or key in asked:
            yield _kept(item, applied.get(key), asked.get(key), path)
