"""Who set which field, as the API server keeps it: enough of server-side apply for the kinds that the operator writes.

Paths are tuples: a text is a field, a tuple of pairs is the item of a list that has these keys. Lists without keys,
and label selectors, are set as a whole.
"""

import copy
import json
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from modelservice_operator.manifest import Manifest

Keys: TypeAlias = tuple[tuple[str, object], ...]
Path: TypeAlias = tuple[str | Keys, ...]

LIST_KEYS: Final = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
WHOLE: Final = frozenset({"selector"})
PARTS: Final = ("spec", "data", "revision", "status")
METADATA: Final = ("labels", "annotations", "ownerReferences", "finalizers")
_GONE: Final = object()


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


def leaves(value: object, path: Path = ()) -> dict[Path, object]:
    """Every field that can be owned, and its value."""
    below: list[tuple[object, Path]] = []
    if isinstance(value, dict) and not _is_whole(path):
        below = [(item, (*path, key)) for key, item in value.items()]
    elif isinstance(value, list) and _is_keyed(path):
        below = [(item, (*path, keys_of(item, path))) for item in value]
    return {leaf: held for item, inner in below for leaf, held in leaves(item, inner).items()} or {path: value}


def apply(live: Manifest, owners: Owners, manager: str, intent: Manifest, *, force: bool) -> Manifest:
    """Server-side apply: what the intent holds is set, what this manager alone held before is removed.

    Returns:
        the content of the object; `owners` is changed in place.

    Raises:
        Conflict: without force, when another manager set a field to another value; nothing is changed then.
    """
    owner = Owner(manager, "Apply")
    before, wanted = content(live), leaves(content(intent))
    held = leaves(before)
    others = [paths for other, paths in owners.items() if other != owner]
    clashes = {path for paths in others for path in paths & wanted.keys() if held.get(path) != wanted[path]}
    if clashes and not force:
        raise Conflict(clashes)
    dropped = owners.get(owner, set()) - wanted.keys() - set().union(*others)
    _disown(owners, clashes)
    owners[owner] = set(wanted)
    merged = _merged(_without(before, dropped, ()), content(intent), ())
    assert isinstance(merged, dict)
    return merged


def update(before: Manifest, after: Manifest, owners: Owners, owner: Owner) -> None:
    """An update by whatever means: who changes a field owns it, and alone."""
    old, new = leaves(content(before)), leaves(content(after))
    changed = {path for path in old.keys() | new.keys() if old.get(path, _GONE) != new.get(path, _GONE)}
    _disown(owners, changed)
    if changed & new.keys():
        owners.setdefault(owner, set()).update(changed & new.keys())


def managed_fields(owners: Owners) -> list[Manifest]:
    """`metadata.managedFields`."""
    entries: list[Manifest] = []
    for owner, paths in owners.items():
        fields: Manifest = {}
        for path in sorted(paths, key=str):
            node = fields
            for step in path:
                node = node.setdefault(f"f:{step}" if isinstance(step, str) else f"k:{json.dumps(dict(step))}", {})
        entry: Manifest = {"manager": owner.manager, "operation": owner.operation, "fieldsV1": fields}
        entries.append({**entry, "subresource": owner.subresource} if owner.subresource else entry)
    return entries


def dotted(path: Path) -> str:
    """A path as messages have it."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{json.dumps(dict(step))}]" for step in path)


def keys_of(item: Manifest, path: Path) -> Keys:
    """What tells an item of the list at `path` from the others."""
    defaults = {"protocol": "TCP"}
    names = LIST_KEYS[str(path[-1])]
    return tuple((name, item.get(name, defaults.get(name))) for name in names if name in item or name in defaults)


def _is_whole(path: Path) -> bool:
    return bool(path) and path[-1] in WHOLE


def _is_keyed(path: Path) -> bool:
    return bool(path) and path[-1] in LIST_KEYS


def _disown(owners: Owners, paths: set[Path]) -> None:
    for owner in list(owners):
        owners[owner] -= paths
        if not owners[owner]:
            del owners[owner]


def _without(value: object, dropped: set[Path], path: Path) -> object:
    """The value without these fields, and without what is empty then."""
    if isinstance(value, dict) and value and not _is_whole(path):
        fields = {key: _without(item, dropped, (*path, key)) for key, item in value.items()}
        return {key: item for key, item in fields.items() if item is not _GONE} or _GONE
    if isinstance(value, list) and value and _is_keyed(path):
        items = [_item_without(item, dropped, (*path, keys_of(item, path))) for item in value]
        return [item for item in items if item is not _GONE] or _GONE
    return _GONE if path in dropped else value


def _item_without(item: Manifest, dropped: set[Path], path: Path) -> object:
    """An item goes as soon as a key of it is dropped, unless it has anything else."""
    left = _without(item, dropped, path)
    keys = {key: item[key] for key, _ in path[-1] if key in item} if isinstance(path[-1], tuple) else {}
    if not isinstance(left, dict) or left.keys() < keys.keys():
        return _GONE
    return {**keys, **left}


def _merged(live: object, wanted: object, path: Path) -> object:
    """The live value with everything that is wanted set in it."""
    if isinstance(wanted, dict) and isinstance(live, dict) and not _is_whole(path):
        return {**live, **{key: _merged(live.get(key), item, (*path, key)) for key, item in wanted.items()}}
    if isinstance(wanted, list) and isinstance(live, list) and _is_keyed(path):
        items = {keys_of(item, path): item for item in live}
        for item in wanted:
            keys = keys_of(item, path)
            items[keys] = _merged(items.get(keys), item, (*path, keys))
        return list(items.values())
    return copy.deepcopy(wanted)
