"""Quantities, as fields of a spec."""

from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from modelservice_operator.api.base import Rule
from modelservice_operator.quantity import PATTERN


def number_as_text(value: object) -> object:
    """A quantity may be written as a whole number: `16` is `"16"`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


QuantityText: TypeAlias = Annotated[
    str, BeforeValidator(number_as_text), WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 32})
]
"""A quantity as text. Its bound keeps the cost of a rule about it small."""

IS_QUANTITY: Final = f"string(self).matches('^({PATTERN})$')"
"""In CEL: `self`, a number or a text, is a quantity. Whatever calls `quantity()` has to ask this before."""

QUANTITY: Final = Rule(IS_QUANTITY, "must be a quantity, for example 100, 500m or 2Gi")

CountOrPercent: TypeAlias = Annotated[int | str, WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 10})]
"""A number, or a percentage as text, such as `"25%"`."""
