"""Quantities, as fields of a spec."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema


def number_as_text(value: object) -> object:
    """A quantity may be written as a whole number: `16` is `"16"`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


QuantityText: TypeAlias = Annotated[
    str, BeforeValidator(number_as_text), WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 32})
]
"""A quantity as text. Its bound keeps the cost of a rule about it small."""

CountOrPercent: TypeAlias = Annotated[int | str, WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 10})]
"""A number, or a percentage as text, such as `"25%"`."""
