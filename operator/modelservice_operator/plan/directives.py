"""The directives of a strategic merge patch, and whether a patch for a pod template is well-formed. Pure."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.plan.pod_schema import TEMPLATE, Field

PATCH: Final = "$patch"
DELETE: Final = "delete"
REPLACE: Final = "replace"
RETAIN_KEYS: Final = "$retainKeys"
SET_ELEMENT_ORDER: Final = "$setElementOrder"
DELETE_FROM_PRIMITIVE_LIST: Final = "$deleteFromPrimitiveList"


class MergeError(ValueError):
    """A patch that cannot be merged; `message` names the place in the patch and what is wrong there."""

    def __init__(self, path: str, what: str) -> None:
        self.message = f"{path or 'the patch'}: {what}"
        super().__init__(self.message)


def is_directive(key: str) -> bool:
    """Whether it says how to merge, and is no field."""
    return key.startswith("$")


def action(value: object) -> str | None:
    """What `$patch` in a map says is to be done with it, or with the item or list it stands for; None if nothing."""
    return value.get(PATCH) if isinstance(value, dict) else None


def by_field(patch: Manifest, directive: str) -> Iterator[tuple[str, list[object]]]:
    """The name of each field of this map that the directive is about, and what it says."""
    for key, value in patch.items():
        prefix, slash, name = key.partition("/")
        if slash and prefix == directive:
            yield name, value


def identity(item: object, merge_key: str, path: str) -> str | int:
    """What an item of a merged list is found by: its merge key, or the item itself where there is no such key.

    Raises:
        MergeError: it has none, or one that is neither text nor integer.
    """
    value = item
    if merge_key:
        value = checked_map(item, path).get(merge_key)
        if value is None:
            raise MergeError(path, f"has no {merge_key}, by which it is merged")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MergeError(joined(path, merge_key) if merge_key else path, "must be a text or an integer")
    return value


def checked_map(value: object, path: str) -> Manifest:
    """The value, which must be a map."""
    if not isinstance(value, dict):
        raise MergeError(path, "must be a map")
    return value


def checked_list(value: object, path: str) -> list[object]:
    """The value, which must be a list."""
    if not isinstance(value, list):
        raise MergeError(path, "must be a list")
    return value


def check(patch: Manifest) -> None:
    """Refuse what is wrong with a patch whatever it is merged into.

    Raises:
        MergeError: a directive that is unknown, stands in the wrong place or contradicts the rest of the patch; an item
            without its merge key; something other than a list for a list that is merged.
    """
    _check_map(checked_map(patch, ""), TEMPLATE, "")


def _check(value: object, field: Field, path: str) -> None:
    if value is None:
        return
    if field.merges:
        _check_items(checked_list(value, path), field, path)
    elif isinstance(value, dict):
        _check_map(value, field, path)
    elif isinstance(value, list):
        _check_plain(value, path)


def _check_map(patch: Manifest, field: Field, path: str) -> None:
    for key, value in patch.items():
        if is_directive(key):
            _check_directive(key, patch, field, path)
        else:
            _check(value, field.of(key), joined(path, key))


def _check_items(items: list[object], field: Field, path: str) -> None:
    for index, item in enumerate(items):
        place = f"{path}[{index}]"
        if isinstance(item, dict) and action(item) == REPLACE:
            # kubectl would replace the whole list and drop this item: whoever writes it means the item alone.
            if len(item) > 1:
                raise MergeError(place, "$patch: replace is about the whole list and stands in an item of its own")
            continue
        identity(item, field.merge_key, place)
        if isinstance(item, dict):
            _check_map(item, field, place)


def _check_plain(value: object, path: str) -> None:
    """What lies in a list that is replaced as a whole: kubectl would take a directive in it for a field."""
    if isinstance(value, dict):
        for key, item in value.items():
            if is_directive(key):
                raise MergeError(path, f"{key} has no meaning in a list that is replaced as a whole")
            _check_plain(item, joined(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_plain(item, f"{path}[{index}]")


def _check_directive(key: str, patch: Manifest, field: Field, path: str) -> None:
    directive, _, name = key.partition("/")
    place = joined(path, key)
    if key == PATCH:
        if patch[key] not in (DELETE, REPLACE):
            raise MergeError(place, f"must be {DELETE} or {REPLACE}")
    elif key == RETAIN_KEYS:
        _check_retained(patch, path)
    elif directive == SET_ELEMENT_ORDER and name:
        _check_order(patch, name, field.of(name), path)
    elif directive == DELETE_FROM_PRIMITIVE_LIST and name:
        if field.of(name).merge_key:
            raise MergeError(place, f"{name} is no list of single values")
        for index, item in enumerate(checked_list(patch[key], place)):
            identity(item, "", f"{place}[{index}]")
    else:
        raise MergeError(place, "is no directive of a strategic merge patch")


def _check_retained(patch: Manifest, path: str) -> None:
    place = joined(path, RETAIN_KEYS)
    retained = checked_list(patch[RETAIN_KEYS], place)
    for index, name in enumerate(retained):
        if not isinstance(name, str):
            raise MergeError(f"{place}[{index}]", "must be a text")
    for key, value in patch.items():
        if value is not None and not is_directive(key) and key not in retained:
            raise MergeError(joined(path, key), f"is not among {RETAIN_KEYS}")


def _check_order(patch: Manifest, name: str, field: Field, path: str) -> None:
    """The order names every item that the patch sets, in the order of the patch."""
    key = f"{SET_ELEMENT_ORDER}/{name}"
    place = joined(path, key)
    if not field.merges:
        raise MergeError(place, f"{name} is no list that is merged")
    order = checked_list(patch[key], place)
    wanted = iter([identity(item, field.merge_key, f"{place}[{index}]") for index, item in enumerate(order)])
    where = joined(path, name)
    for index, item in enumerate(checked_list(patch.get(name) or [], where)):
        if action(item):
            continue
        if identity(item, field.merge_key, f"{where}[{index}]") not in wanted:  # the iterator goes on where it stood
            raise MergeError(f"{where}[{index}]", f"is not in {key}, or not in this order")
