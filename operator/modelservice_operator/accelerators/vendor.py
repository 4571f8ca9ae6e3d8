"""A vendor: what its device plugin and node labels call the devices. The shape of the YAML files beside this one."""

from collections.abc import Mapping
from typing import Self

from pydantic import model_validator

from modelservice_operator.data import Data, NamedData, Quantity

PARTITION = "{partition}"
"""Stands for spec.accelerator.partition in names."""


class MemoryLabel(Data):
    """A node label that tells the memory of one device: a number, or a text that is known."""

    label: str
    unit: Quantity | None = None
    """What a number counts."""
    values: Mapping[str, Quantity] = {}
    """What texts stand for."""

    @model_validator(mode="after")
    def _number_or_text(self) -> Self:
        if (self.unit is None) == (not self.values):
            raise ValueError("either unit or values must be given")
        return self


class Naming(Data):
    """What one kind of device is called."""

    resource: str
    """The extended resource, in limits."""
    product: str | None = None
    """Node label that names the product."""
    memory: MemoryLabel | None = None


class Vendor(Naming, NamedData):
    """A maker of devices."""

    taints: tuple[str, ...]
    """Keys of the taints that commonly keep other pods off the nodes that have such devices."""
    partition: Naming | None = None
    """What a slice of a device is called, where devices can be sliced; its names hold `PARTITION`."""

    def naming(self, partition: str | None) -> Naming:
        """What the whole devices are called, or the slices of that profile.

        Raises:
            ValueError: this vendor's devices have no slices.
        """
        if partition is None:
            return self
        if self.partition is None:
            raise ValueError(f"devices of {self.name} cannot be partitioned")
        # A plus may not stand in the name of a resource or a label; the device plugins write a dot.
        name = partition.replace("+", ".")
        filled = self.partition.model_dump_json(by_alias=True).replace(PARTITION, name)
        return Naming.model_validate_json(filled)
