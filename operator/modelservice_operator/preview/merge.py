"""What `kubectl apply` makes of an object that it applied before."""

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import section


def still_managed(given: Manifest, fields: Manifest) -> Manifest:
    """Of what was given the part that is still its manager's, by the fields that `managedFields` lists for it."""
    kept: Manifest = {}
    for key, value in given.items():
        part = fields.get(f"f:{key}")
        if part is not None:
            kept[key] = still_managed(value, part) if isinstance(value, dict) and part else value
    return kept


def three_way(before: Manifest, given: Manifest, live: Manifest) -> Manifest:
    """The JSON merge patch that makes of the live object what is given now, when it was given `before` the last time.

    What is no longer given is taken away; what others set stays. A null counts as not given.
    """
    given = {key: value for key, value in given.items() if value is not None}
    patch: Manifest = {key: None for key in before if key not in given}
    for key, value in given.items():
        there = live.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            if inner := three_way(section(before, key), value, there):
                patch[key] = inner
        elif there != value:
            patch[key] = value
    return patch
