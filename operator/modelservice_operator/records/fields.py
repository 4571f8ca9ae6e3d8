"""Reading manifests that other people wrote: a field that is absent, null or of another type reads as empty."""

from sys import intern
from typing import Final

from modelservice_operator.manifest import Manifest

_DEEPEST: Final = 32
"""Levels: more than any part of a pod has."""


def section(parent: Manifest, key: str) -> Manifest:
    """The object under `key`."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def items(parent: Manifest, key: str) -> list[Manifest]:
    """The objects of the list under `key`."""
    value = parent.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(parent: Manifest, key: str) -> str:
    """The string under `key`."""
    value = parent.get(key)
    return value if isinstance(value, str) else ""


def word(parent: Manifest, key: str) -> str:
    """The string under `key`, interned: for names and reasons, which thousands of objects repeat."""
    return intern(text(parent, key))


def number(parent: Manifest, key: str) -> int:
    """The integer under `key`, also where it is written as a string of digits, as resourceVersion is."""
    value = parent.get(key)
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def sharing_keys(manifest: Manifest, levels: int = _DEEPEST) -> Manifest:
    """The same manifest with interned keys: decoding makes them anew for each of thousands of objects.

    What lies deeper than so many levels stays as it is: objects may be nested deeper than Python can follow.
    """
    return {intern(key): _sharing_keys(value, levels - 1) for key, value in manifest.items()}


def _sharing_keys(value: object, levels: int) -> object:
    if levels <= 0:
        return value
    if isinstance(value, dict):
        return sharing_keys(value, levels)
    return [_sharing_keys(item, levels - 1) for item in value] if isinstance(value, list) else value
