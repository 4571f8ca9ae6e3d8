"""Counts of devices, which Kubernetes knows as extended resources."""

from typing import TypeAlias

from modelservice_operator.manifest import Manifest
from modelservice_operator.quantity import InvalidQuantity, parse_quantity

Devices: TypeAlias = tuple[tuple[str, int], ...]
"""Count by extended resource, such as `nvidia.com/gpu`; sorted by name, counts above zero."""


def devices_in(quantities: Manifest) -> Devices:
    """The extended resources among `limits` or `allocatable`.

    Kubernetes calls a resource extended that has a domain other than kubernetes.io in its name.
    """
    counts = ((name, _count(value)) for name, value in quantities.items() if _is_extended(name))
    return tuple(sorted((name, count) for name, count in counts if count > 0))


def _is_extended(name: str) -> bool:
    return "/" in name and "kubernetes.io/" not in name


def _count(value: object) -> int:
    # Usually digits, but the API server turns 1000 shared devices into "1k".
    try:
        return int(parse_quantity(str(value)))
    except InvalidQuantity:
        return 0
