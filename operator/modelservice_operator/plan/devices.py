"""The devices that a spec asks for, as the nodes call them."""

from decimal import ROUND_FLOOR, Decimal
from typing import Final

from modelservice_operator.accelerators.catalogue import BY_VENDOR
from modelservice_operator.accelerators.vendor import MemoryLabel, Naming
from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.quantity import parse_quantity

_MARGIN: Final = Decimal("0.97")
"""A card of 80 GB reports 79.6 GiB, one of 24 GB 22.5 GiB: so much of what is asked for must be there."""


def naming(accelerator: Accelerator) -> Naming:
    """What the devices, or the slices of them, are called.

    Raises:
        PlanError: devices of this vendor cannot be sliced.
    """
    try:
        return BY_VENDOR[accelerator.vendor].naming(accelerator.partition)
    except ValueError as error:
        raise PlanError(f"spec.accelerator.partition: {error}.", "Leave it out.") from error


def resource_name(accelerator: Accelerator) -> str | None:
    """The extended resource that pods ask for; None where nothing can be planned for this accelerator."""
    try:
        return naming(accelerator).resource
    except PlanError:
        return None


def node_requirements(accelerator: Accelerator) -> list[Manifest]:
    """What a node must say of its devices, as expressions of a node affinity.

    Raises:
        PlanError: the nodes of this vendor do not say it, or no known device has as much memory.
    """
    called = naming(accelerator)
    requirements = []
    if accelerator.products:
        if called.product is None:
            raise _unlabelled("products", accelerator.vendor)
        requirements.append({"key": called.product, "operator": "In", "values": list(accelerator.products)})
    if accelerator.memory is not None:
        if called.memory is None:
            raise _unlabelled("memory", accelerator.vendor)
        requirements.append(_memory(accelerator.vendor, accelerator.memory, called.memory))
    return requirements


def _memory(vendor: str, wanted: str, label: MemoryLabel) -> Manifest:
    least = parse_quantity(wanted) * _MARGIN
    if label.unit is not None:
        # Gt takes whole numbers alone, and means more than.
        below = (least / parse_quantity(label.unit)).to_integral_value(ROUND_FLOOR)
        return {"key": label.label, "operator": "Gt", "values": [str(below)]}
    enough = [text for text, memory in label.values.items() if parse_quantity(memory) >= least]
    if not enough:
        largest = max(label.values.values(), key=parse_quantity)
        raise PlanError(
            f"spec.accelerator.memory: no known device of {vendor} has {wanted}; the largest has {largest}.",
            f"Ask for at most {largest}, or name spec.accelerator.products instead.",
        )
    return {"key": label.label, "operator": "In", "values": enough}


def _unlabelled(field: str, vendor: str) -> PlanError:
    return PlanError(
        f"spec.accelerator.{field}: nodes with devices of {vendor} have no label that tells it.",
        f"Leave {field} out, and choose nodes by spec.placement.nodeSelector.",
    )
