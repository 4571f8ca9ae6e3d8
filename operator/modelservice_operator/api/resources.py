"""CPU, memory and disk of the server container."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from modelservice_operator.api.base import ApiModel, Rule, validations
from modelservice_operator.api.types.quantity import IS_QUANTITY, QuantityText
from modelservice_operator.quantity import PATTERN

POSITIVE: Final = Rule(
    f"{IS_QUANTITY} && quantity(string(self)).isGreaterThan(quantity('0'))",
    "must be a quantity above 0, for example 4 or 500m for cpu, 16Gi for memory",
)


def _fits(name: str, member: str) -> Rule:
    """A rule whose texts are quantities only where both keep `POSITIVE`; where one does not, that is said there."""
    quantity = f"matches('^({PATTERN})$')"
    request, limit = f"string(self.requests.{member})", f"string(self.limits.{member})"
    return Rule(
        f"!has(self.requests) || !has(self.requests.{member}) || !has(self.limits) || !has(self.limits.{member}) || "
        f"!{request}.{quantity} || !{limit}.{quantity} || "
        f"quantity({request}).compareTo(quantity({limit})) <= 0",
        f"may not be above the limit of {name}: lower the request or raise the limit",
        field=f".requests.{name}" if "-" not in name else f".requests['{name}']",
    )


REQUEST_FITS_LIMIT: Final = (
    _fits("cpu", "cpu"),
    _fits("memory", "memory"),
    _fits("ephemeral-storage", "ephemeral__dash__storage"),
)
"""In CEL a dash in the name of a field is written `__dash__`."""


class Amounts(ApiModel):
    """Amounts of what every node has."""

    cpu: Annotated[QuantityText, POSITIVE] | None = None
    """Cores. Example: 4 or 500m."""
    memory: Annotated[QuantityText, POSITIVE] | None = None
    """Host memory in bytes, not that of the devices. Example: 32Gi."""
    ephemeral_storage: Annotated[QuantityText, POSITIVE] | None = Field(default=None, alias="ephemeral-storage")
    """Disk of the node in bytes, for downloaded models and caches. Example: 100Gi."""


class Resources(ApiModel):
    """What the server container gets of its node, beside the devices."""

    model_config = ConfigDict(json_schema_extra=validations(*REQUEST_FITS_LIMIT))

    requests: Amounts | None = None
    """What the node must have free. Default: 4 cores and 16Gi of memory for each device; without an accelerator 4
    cores and 1.5 times model.size, or 16Gi where that is not known."""
    limits: Amounts | None = None
    """What the container may use at most. Default: no limits."""
