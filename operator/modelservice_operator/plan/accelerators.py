"""What a vendor's devices are called in a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Devices:
    """Names that a vendor's device plugin and node labels use."""

    resource: str
    """The extended resource, in limits."""
    taint: str
    """Key of the taint that keeps other pods off the nodes that have such devices."""


BY_VENDOR: Final[Mapping[str, Devices]] = {
    "nvidia": Devices(resource="nvidia.com/gpu", taint="nvidia.com/gpu"),
}
