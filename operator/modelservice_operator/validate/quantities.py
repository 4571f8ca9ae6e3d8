"""Kubernetes' functions on quantities for CEL: `quantity('1Gi').compareTo(quantity('1Mi')) > 0`.

The CEL library has no room for a type of our own, so a quantity is the decimal text of its number in between: equal
quantities are equal texts.
"""

from collections.abc import Callable
from decimal import Context, Decimal
from typing import Final

from cel_expr_python import cel

from modelservice_operator.quantity import is_quantity, parse_quantity

_EXACT: Final = Context(prec=400)
"""Digits enough that no sum is rounded."""
_QUANTITY: Final = cel.Type.STRING


def _text(number: Decimal) -> str:
    return format(_EXACT.normalize(_EXACT.add(number, 0)), "f")  # which makes -0 the same as 0


def _quantity(text: str) -> str:
    return _text(parse_quantity(text))


def _is_integer(quantity: str) -> bool:
    number = Decimal(quantity)
    return number == int(number) and -(2**63) <= number < 2**63


def _as_integer(quantity: str) -> int:
    if not _is_integer(quantity):
        raise ValueError("cannot convert value to integer")
    return int(Decimal(quantity))


def _sign(quantity: str) -> int:
    return int(Decimal(quantity).compare(Decimal(0)))


def _added(one: str, other: str | int) -> str:
    return _text(_EXACT.add(Decimal(one), Decimal(other)))


def _subtracted(one: str, other: str | int) -> str:
    return _text(_EXACT.subtract(Decimal(one), Decimal(other)))


def _function(name: str, impl: Callable[..., object], result: cel.Type) -> cel.FunctionDecl:
    return cel.FunctionDecl(name, [cel.Overload(f"string_{name}", result, [cel.Type.STRING], impl=impl)])


def _method(name: str, impl: Callable[..., object], result: cel.Type, *others: cel.Type) -> cel.FunctionDecl:
    """A method of quantities; one with several `others` has an overload for each."""
    parameters = [[_QUANTITY, other] for other in others] or [[_QUANTITY]]
    overloads = [
        cel.Overload(f"quantity_{name}_{number}", result, given, is_member=True, impl=impl)
        for number, given in enumerate(parameters)
    ]
    return cel.FunctionDecl(name, overloads)


EXTENSION: Final = cel.CelExtension(
    "kubernetes.quantity",
    [
        _function("quantity", _quantity, _QUANTITY),
        _function("isQuantity", is_quantity, cel.Type.BOOL),
        _method("isInteger", _is_integer, cel.Type.BOOL),
        _method("asInteger", _as_integer, cel.Type.INT),
        _method("asApproximateFloat", float, cel.Type.DOUBLE),
        _method("sign", _sign, cel.Type.INT),
        _method("compareTo", lambda one, other: int(Decimal(one).compare(Decimal(other))), cel.Type.INT, _QUANTITY),
        _method("isLessThan", lambda one, other: Decimal(one) < Decimal(other), cel.Type.BOOL, _QUANTITY),
        _method("isGreaterThan", lambda one, other: Decimal(one) > Decimal(other), cel.Type.BOOL, _QUANTITY),
        _method("add", _added, _QUANTITY, _QUANTITY, cel.Type.INT),
        _method("sub", _subtracted, _QUANTITY, _QUANTITY, cel.Type.INT),
    ],
)
