"""Who set which field, as the API server keeps it: enough of server-side apply for the kinds that the operator writes.

Paths are tuples: a text is a field, a tuple of pairs is the item of a list that has these keys. Lists without keys,
and label selectors, are set as a whole.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from modelservice_operator.manifest import Manifest

Keys: TypeAlias = tuple[tuple[str, object], ...]
Path: TypeAlias = tuple[str | Keys, ...]
Leaves: TypeAlias = dict[Path, object]

LIST_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
WHOLE = frozenset({"selector"})
PARTS = ("spec", "data", "revision", "status")
METADATA = ("labels", "annotations", "ownerReferences", "finalizers")


class Owner(NamedTuple):
    """An entry of `metadata.managedFields`."""

    manager: str
    operation: str
    subresource: str = ""


Owners: TypeAlias = dict[Owner, set[Path]]


class Conflict(Exception):
    """Others set these fields to something else."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.fields = sorted(dotted(path) for path in paths)
        super().__init__(f"Apply failed with {len(self.fields)} conflicts: {', '.join(self.fields)}")


def content(manifest: Manifest) -> Manifest:
    """The part of an object whose fields have owners."""
    metadata = {key: manifest["metadata"][key] for key in METADATA if key in manifest["metadata"]}
    return {"metadata": metadata, **{key: manifest[key] for key in PARTS if key in manifest}}


def leaves(value: object, path: Path = ()) -> Leaves:
    """Every field that can be owned, and its value."""
    if isinstance(value, dict) and value and not (path and path[-1] in WHOLE):
        return {leaf: held for key, item in value.items() for leaf, held in leaves(item, (*path, key)).items()}
    if isinstance(value, list) and value and path and path[-1] in LIST_KEYS:
        return {leaf: held for item in value for leaf, held in leaves(item, (*path, keys_of(path, item))).items()}
    return {path: value}


def keys_of(path: Path, item: Manifest) -> Keys:
    """What tells an item of a list from the others."""
    defaults = {"protocol": "TCP"}
    names = LIST_KEYS[str(path[-1])]
    return tuple((name, item.get(name, defaults.get(name))) for name in names if name in item or name in defaults)


def apply(live: Manifest, owners: Owners, manager: str, intent: Manifest, *, force: bool) -> None:
    """Server-side apply, in place: set what the intent holds, and remove what this manager alone held before.

    Raises:
        Conflict: without force, when another manager set a field to another value; nothing is changed then.
    """
    owner = Owner(manager, "Apply")
    wanted, held = leaves(content(intent)), leaves(content(live))
    clashes = {
        path
        for other, paths in owners.items()
        if other != owner
        for path in paths & wanted.keys()
        if held.get(path) != wanted[path]
    }
    if clashes and not force:
        raise Conflict(clashes)
    _disown(owners, clashes)
    shared = {path for other, paths in owners.items() if other != owner for path in paths}
    remove(live, owners.get(owner, set()) - wanted.keys() - shared)
    for path, value in wanted.items():
        put(live, path, value)
    owners[owner] = set(wanted)


def update(before: Manifest, after: Manifest, owners: Owners, owner: Owner) -> None:
    """An update by whatever means: who changes a field owns it, and alone."""
    old, new = leaves(content(before)), leaves(content(after))
    changed = {path for path in old.keys() | new.keys() if old.get(path, owner) != new.get(path, owner)}
    _disown(owners, changed)
    mine = owners.setdefault(owner, set())
    mine |= changed & new.keys()
    if not mine:
        del owners[owner]


def put(root: Manifest, path: Path, value: object) -> None:
    """Set one field."""
    node: Manifest = root
    for step, below in zip(path[:-1], path[1:], strict=True):
        if isinstance(step, str):
            if not isinstance(node.get(step), dict | list):
                node[step] = [] if isinstance(below, tuple) else {}
            if isinstance(below, str):
                node = node[step]
            else:
                node = _item(node[step], below)
    node[str(path[-1])] = copy.deepcopy(value)


def remove(root: Manifest, paths: set[Path]) -> None:
    """Remove fields, and what is empty without them. Keys of a list item stay while the item has anything else."""
    for path in paths:
        if not _is_key(path):
            _delete(root, path)
    for path in paths:
        if _is_key(path) and _only_keys(root, path):
            _delete(root, path)


def managed_fields(owners: Owners) -> list[Manifest]:
    """`metadata.managedFields`."""
    entries: list[Manifest] = []
    for owner, paths in owners.items():
        fields: Manifest = {}
        for path in sorted(paths, key=str):
            node = fields
            for step in path:
                name = f"f:{step}" if isinstance(step, str) else f"k:{json.dumps(dict(step))}"
                node = node.setdefault(name, {})
        entry: Manifest = {"manager": owner.manager, "operation": owner.operation, "fieldsV1": fields}
        entries.append({**entry, "subresource": owner.subresource} if owner.subresource else entry)
    return entries


def dotted(path: Path) -> str:
    """A path as messages have it."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{json.dumps(dict(step))}]" for step in path)


def _disown(owners: Owners, paths: set[Path]) -> None:
    for other in list(owners):
        owners[other] -= paths
        if not owners[other]:
            del owners[other]


def _item(items: list[Manifest], keys: Keys) -> Manifest:
    item = _find(items, keys)
    if item is None:
        item = dict(keys)
        items.append(item)
    return item


def _find(items: list[Manifest], keys: Keys) -> Manifest | None:
    return next((item for item in items if _has(item, dict(keys))), None)


def _has(item: Manifest, keys: Mapping[str, object]) -> bool:
    return all(item.get(name, "TCP" if name == "protocol" else None) == value for name, value in keys.items())


def _is_key(path: Path) -> bool:
    return len(path) > 1 and isinstance(path[-2], tuple) and path[-1] in dict(path[-2])


def _only_keys(root: Manifest, path: Path) -> bool:
    keys = path[-2]
    items = _walk(root, path[:-2])
    item = _find(items, keys) if isinstance(items, list) and isinstance(keys, tuple) else None
    return item is None or item.keys() <= dict(path[-2]).keys()  # type: ignore[arg-type]


def _walk(root: Manifest, path: Path) -> object:
    node: object = root
    for step in path:
        if isinstance(step, str) and isinstance(node, dict):
            node = node.get(step)
        elif isinstance(step, tuple) and isinstance(node, list):
            node = _find(node, step)
        else:
            return None
    return node


def _delete(root: Manifest, path: Path) -> None:
    node = _walk(root, path[:-1])
    if isinstance(node, dict) and node.pop(path[-1], root) is not root:
        _drop_empty(root, path[:-1])


def _drop_empty(root: Manifest, path: Path) -> None:
    while path:
        parent = _walk(root, path[:-1])
        step = path[-1]
        if isinstance(parent, list) and isinstance(step, tuple):
            item = _find(parent, step)
            if item is not None and item.keys() > set():
                return
            parent.remove(item)
        elif isinstance(parent, dict) and parent.get(step) in ({}, []):
            del parent[step]
        else:
            return
        path = path[:-1]


def _steps(path: Path) -> Iterator[str]:
    return (str(step) for step in path)
