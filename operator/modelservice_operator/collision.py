"""What to write where an intent collides with what others made of the object. Pure.

Server-side apply merges. A port that someone renumbered stays beside ours, under the same name, and a volume that
someone gave another source has two: the API server refuses both.
"""

from modelservice_operator.diff import MERGE_KEYS, merge_key
from modelservice_operator.manifest import Manifest


def replacement(live: Manifest, intent: Manifest) -> Manifest:
    """A JSON merge patch of the live spec: in lists that apply would merge, our items stand as we want them.

    An item of ours replaces its counterpart as a whole. Items of others stay, but for those that have the name of one
    of ours. Empty where the intent has no such lists.
    """
    return _section(live.get("spec") or {}, intent["spec"])


def _section(live: Manifest, wanted: Manifest) -> Manifest:
    patch: Manifest = {}
    for key, value in wanted.items():
        there = live.get(key)
        if isinstance(value, list) and key in MERGE_KEYS:
            patch[key] = _items(there if isinstance(there, list) else [], value, MERGE_KEYS[key])
        elif isinstance(value, dict):
            inner = _section(there if isinstance(there, dict) else {}, value)
            if inner:
                patch[key] = inner
    return patch


def _items(live: list[Manifest], wanted: list[Manifest], keys: tuple[str, ...]) -> list[Manifest]:
    """Ours in the places of their counterparts, then those that have none."""
    ours = {merge_key(item, keys): item for item in wanted}
    names = {item.get("name") for item in wanted} - {None}
    placed = []
    for item in live:
        key = merge_key(item, keys)
        if key in ours:
            placed.append(ours.pop(key))
        elif item.get("name") not in names:
            placed.append(item)
    return [*placed, *ours.values()]
