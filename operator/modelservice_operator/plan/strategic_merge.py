"""A strategic merge patch for a pod template: what `kubectl patch --type strategic` makes of the two. Pure.

The rules are those of k8s.io/apimachinery, pkg/util/strategicpatch. Where kubectl would leave a `$patch` in the result
as if it were a field, or silently lose what the patch asks for, the patch is refused instead.
"""

import copy
from collections.abc import Sequence
from typing import Any

from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.plan.directives import (
    DELETE,
    DELETE_FROM_PRIMITIVE_LIST,
    REPLACE,
    RETAIN_KEYS,
    SET_ELEMENT_ORDER,
    MergeError,
    action,
    by_field,
    check,
    checked_list,
    checked_map,
    identity,
    is_directive,
)
from modelservice_operator.plan.pod_schema import TEMPLATE, Field


def strategic_merge(template: Manifest, patch: Manifest) -> Manifest:
    """The pod template with the patch merged into it. The result shares nothing with either.

    A field that is null in the patch is removed. `$patch: delete` leaves an empty map, as it does with kubectl.

    Raises:
        MergeError: the patch is not well-formed, or asks of this template what cannot be.
    """
    try:
        check(patch)
        return _merged_map(copy.deepcopy(template), patch, TEMPLATE, "")
    except RecursionError:
        raise MergeError("", "is nested too deeply") from None


def _merged_map(original: Manifest, patch: Manifest, field: Field, path: str) -> Manifest:
    if action(patch):
        return {} if action(patch) == DELETE else _whole_map(patch, path)
    kept = {key: value for key, value in original.items() if key in patch.get(RETAIN_KEYS, original)}
    merged = dict(kept)
    for key, value in patch.items():
        place = joined(path, key)
        if value is None:
            merged.pop(key, None)
        elif not is_directive(key) and (merged.get(key) is not None or not _is_deletion(value, place)):
            merged[key] = _merged(merged.get(key), value, field.of(key), place)
    for key, order in by_field(patch, SET_ELEMENT_ORDER):
        if merged.get(key) is not None:
            lists = (kept.get(key) or [], patch.get(key) or [], merged[key])
            merged[key] = _reordered(*lists, order, field.of(key), joined(path, key))
    for key, values in by_field(patch, DELETE_FROM_PRIMITIVE_LIST):
        if merged.get(key) is not None:
            merged[key] = _without(merged[key], values, joined(path, key))
    return merged


def _merged(original: object, patch: object, field: Field, path: str) -> object:
    if original is None:
        return _added(patch, path)
    if isinstance(original, dict):
        return _merged_map(original, checked_map(patch, path), field, path)
    if isinstance(original, list):
        items = checked_list(patch, path)
        if not field.merges:
            return _whole(items, path)
        return _merged_items(original, items, field, path) if field.merge_key else _united(original, items, field, path)
    if isinstance(patch, dict | list):
        raise MergeError(path, "must be a single value")
    return patch


def _united(original: list[object], patch: list[object], field: Field, path: str) -> list[object]:
    """A list of single values, of which each stands once."""
    before, wanted = _identities(original, field, f"the template's {path}"), _identities(patch, field, path)
    both = list(dict.fromkeys([*before, *wanted]))
    return _arranged(both, both, wanted, before)


def _merged_items(original: list[object], patch: list[object], field: Field, path: str) -> list[object]:
    """A list of maps, which are merged where their keys are equal. A deletion comes first wherever it stands."""
    items = [(f"{path}[{index}]", checked_map(item, path)) for index, item in enumerate(patch)]
    changes = [(place, item) for place, item in items if not action(item)]
    wanted = [item[field.merge_key] for _, item in changes]
    if any(action(item) == REPLACE for _, item in items):
        return _arranged([_whole_map(item, place) for place, item in changes], wanted, wanted, [])
    names = _identities(original, field, f"the template's {path}")
    deleted = [item[field.merge_key] for _, item in items if action(item) == DELETE]
    merged = [item for item, name in zip(original, names, strict=True) if name not in deleted]
    before = [name for name in names if name not in deleted]
    names = list(before)
    for place, item in changes:
        name = item[field.merge_key]
        if name in names:
            position = names.index(name)
            merged[position] = _merged_map(checked_map(merged[position], place), item, field, place)
        else:
            merged.append(_whole_map(item, place))
            names.append(name)
    return _arranged(merged, names, wanted, before)


def _reordered(
    original: object, patch: list[Any], merged: object, order: list[object], field: Field, path: str
) -> list[object]:
    """What `$setElementOrder` makes of a list that is merged already.

    kubectl deletes and appends in place and then takes what it finds for the order of before: a new item is in it, if
    one was deleted.
    """
    items = checked_list(merged, path)
    deleted = [item[field.merge_key] for item in patch if action(item) == DELETE]
    changed = _identities([item for item in patch if not action(item)], field, path)
    before = _identities(checked_list(original, path), field, f"the template's {path}")
    left = [name for name in before if name not in deleted]
    found = [*left, *(name for name in dict.fromkeys(changed) if name not in left)][: len(before)]
    return _arranged(items, _identities(items, field, path), _identities(order, field, path), found)


def _arranged(
    items: Sequence[object],
    names: Sequence[str | int],
    wanted: Sequence[str | int],
    before: Sequence[str | int],
) -> list[object]:
    """The items, which have these names: those that are wanted in that order, the others in the order of before.

    Each of the others comes before the first wanted item that it stood before, where that lets both orders be.
    """
    named = list(zip(names, items, strict=True))
    listed = sorted((pair for pair in named if pair[0] in wanted), key=lambda pair: wanted.index(pair[0]))
    others = sorted((pair for pair in named if pair[0] not in wanted), key=lambda pair: before.index(pair[0]))
    arranged: list[object] = []
    for name, item in listed:
        while name in before and others and before.index(others[0][0]) < before.index(name):
            arranged.append(others.pop(0)[1])
        arranged.append(item)
    return [*arranged, *(item for _, item in others)]


def _without(merged: object, values: list[object], path: str) -> list[object]:
    """What `$deleteFromPrimitiveList` leaves of a list."""
    items = checked_list(merged, path)
    if any(isinstance(item, dict | list) for item in items):
        raise MergeError(path, "is no list of single values")
    return [item for item in items if item not in values]


def _identities(items: list[object], field: Field, path: str) -> list[str | int]:
    return [identity(item, field.merge_key, f"{path}[{index}]") for index, item in enumerate(items)]


def _is_deletion(value: object, path: str) -> bool:
    """Whether it deletes what is not there, so that nothing is to do.

    kubectl does the same with a replacement, and what should stand there is lost.
    """
    if action(value) == REPLACE:
        raise MergeError(path, "there is nothing that $patch: replace could replace")
    return action(value) == DELETE


def _added(value: object, path: str) -> object:
    """The value of a field that was not there: without nulls, and without directives, which find nothing to act on."""
    if isinstance(value, dict):
        fields = {key: item for key, item in value.items() if not is_directive(key) and item is not None}
        return {
            key: _added(item, joined(path, key))
            for key, item in fields.items()
            if not _is_deletion(item, joined(path, key))
        }
    if isinstance(value, list):
        # An item with a directive is none: it deletes another, or is the one that has the list replaced.
        return [_added(item, f"{path}[{index}]") for index, item in enumerate(value) if not action(item)]
    return value


def _whole(value: object, path: str) -> object:
    """The same for a new item, or for what replaces something. kubectl would take a `$patch` in it for a field."""
    if isinstance(value, dict):
        if action(value):
            raise MergeError(path, "$patch has no meaning where all is new")
        return _whole_map(value, path)
    if isinstance(value, list):
        return [_whole(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _whole_map(value: Manifest, path: str) -> Manifest:
    fields = {key: item for key, item in value.items() if not is_directive(key) and item is not None}
    return {key: _whole(item, joined(path, key)) for key, item in fields.items()}
