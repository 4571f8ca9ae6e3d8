"""What differs between an intent and the object that it was applied to. Pure."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator.manifest import Manifest, digest, joined
from modelservice_operator.plan import names
from modelservice_operator.plan.pod_schema import KEY_DEFAULTS
from modelservice_operator.quantity import InvalidQuantity, parse_quantity

MERGE_KEYS: Final = {
    "containers": ("name",),
    "env": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port", "protocol"),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
"""Lists that server-side apply merges by these keys; every other list is compared as a whole."""

_ATOMIC_MAPS: Final = frozenset({"nodeSelector", "selector"})
"""Maps that server-side apply replaces as a whole: what someone adds to them is a change of ours."""

_KEPT_WHEN_EMPTY: Final = frozenset({"emptyDir"})
"""Sections that say something by being there: the API server keeps them when they are empty."""

_QUANTITIES: Final = frozenset({"limits", "requests", "sizeLimit"})


def intent_hash(intent: Manifest) -> str:
    """Identity of an intent, kept in the annotation `modelservice.dev/applied-hash`: it catches what we no longer want.

    Frozen: a changed result would write every child once after an upgrade.
    """
    return digest(intent)


def with_hash(intent: Manifest, intent_digest: str) -> Manifest:
    """The intent as it is applied: with its hash as an annotation."""
    metadata = intent["metadata"]
    annotations = {**(metadata.get("annotations") or {}), names.APPLIED_HASH: intent_digest}
    return {**intent, "metadata": {**metadata, "annotations": annotations}}


def difference(observed: object, intent: object) -> str | None:
    """The path of the first field of the intent that the observed object lacks or holds differently; None if none.

    What the object has beyond the intent belongs to others, but for atomic maps. Zero values may be absent: the API
    server drops them.
    """
    return next(differences(observed, intent), None)


def differences(observed: object, intent: object) -> Iterator[str]:
    """The paths of all such fields."""
    return _differences(observed, intent, "")


def same(observed: object, wanted: object, path: str) -> bool:
    """The part of an object at `path` holds what is wanted there."""
    return next(_differences(observed, wanted, path), None) is None


def _differences(observed: object, wanted: object, path: str) -> Iterator[str]:
    if isinstance(wanted, dict):
        if not isinstance(observed, dict):
            if wanted:
                yield path
            return
        if path.rpartition(".")[2] in _ATOMIC_MAPS and observed.keys() - wanted.keys():
            yield path
        for key, value in wanted.items():
            if key in observed:
                yield from _differences(observed[key], value, joined(path, key))
            elif key in _KEPT_WHEN_EMPTY or not _is_zero(value):
                yield joined(path, key)
    elif isinstance(wanted, list):
        yield from _list_differences(observed if isinstance(observed, list) else [], wanted, path)
    elif observed != wanted and not _same_quantity(observed, wanted, path):
        yield path


def _list_differences(observed: list[object], wanted: list[object], path: str) -> Iterator[str]:
    keys = MERGE_KEYS.get(path.rpartition(".")[2])
    if keys is None:
        if len(observed) != len(wanted):
            yield path
            return
        for index, (have, want) in enumerate(zip(observed, wanted, strict=True)):
            yield from _differences(have, want, f"{path}[{index}]")
        return
    by_key = {merge_key(item, keys): item for item in observed}
    for item in wanted:
        key = merge_key(item, keys)
        if key in by_key:
            yield from _differences(by_key[key], item, f"{path}[{key[0]}]")
        else:
            yield f"{path}[{key[0]}]"


def merge_key(item: object, keys: tuple[str, ...]) -> tuple[object, ...]:
    """What tells an item of a merged list from the others, by the keys that `MERGE_KEYS` has for the list.

    An intent may leave out a key that has a default, the API server never does.
    """
    fields = item if isinstance(item, dict) else {}
    return tuple(
        fields[key] if key in fields else KEY_DEFAULTS[key] for key in keys if key in fields or key in KEY_DEFAULTS
    )


def _is_zero(value: object) -> bool:
    return value is None or value is False or value in ("", 0) or value == {} or value == []


def _same_quantity(observed: object, wanted: object, path: str) -> bool:
    if _QUANTITIES.isdisjoint(path.split(".")):
        return False
    try:
        return parse_quantity(str(observed)) == parse_quantity(str(wanted))
    except InvalidQuantity:
        return False
