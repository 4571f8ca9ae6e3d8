"""Manifests without what says nothing."""

from modelservice_operator.manifest import Manifest


def compact(manifest: Manifest) -> Manifest:
    """The manifest without nulls, empty texts, empty lists and empty maps, at any depth. False and 0 stay.

    The API server drops the same from most objects: an intent that holds them would never be covered.
    """
    fields = {key: _compact(value) for key, value in manifest.items()}
    return {key: value for key, value in fields.items() if value is not None and value not in ("", {}, [])}


def _compact(value: object) -> object:
    if isinstance(value, dict):
        return compact(value)
    if isinstance(value, list | tuple):
        return [_compact(item) for item in value]
    return value


def without_empty_lists(manifest: Manifest) -> Manifest:
    """The manifest without empty lists, at any depth. Empty maps stay: an empty selector selects everything."""
    return {key: _without_empty_lists(value) for key, value in manifest.items() if value not in ([], ())}


def _without_empty_lists(value: object) -> object:
    if isinstance(value, dict):
        return without_empty_lists(value)
    if isinstance(value, list | tuple):
        return [_without_empty_lists(item) for item in value]
    return value
