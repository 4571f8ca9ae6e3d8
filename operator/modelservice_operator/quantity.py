"""Kubernetes quantities: `16Gi`, `500m`, `1e3`.

The grammar and the canonical form are those of k8s.io/apimachinery/pkg/api/resource, which the API server uses: it
prints every quantity of a typed object in that form, so that only canonical texts can be compared with what it holds.
"""

import re
from decimal import ROUND_CEILING, Context, Decimal
from typing import Final


class InvalidQuantity(ValueError):
    """The text is no quantity; the message says what one looks like."""


_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_GRAMMAR: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eE](?P<exponent>[+-]?[0-9]{1,2})|(?P<suffix>[KMGTPE]i|[numkMGTPE]?))"
)
_LONGEST: Final = 64
_EXACT: Final = Context(prec=_LONGEST + 110)
"""Enough digits for any text of `_LONGEST` characters with two digits of exponent: no step rounds by itself."""
_NANO: Final = Decimal("1e-9")
_BINARY_FROM: Final = 1024


def parse_quantity(text: str) -> Decimal:
    """The exact number that a quantity stands for, in units (bytes, cores, devices).

    Raises:
        InvalidQuantity: it has not the form of a quantity, more than 64 characters or an exponent beyond ±99.
    """
    return _parse(text)[0]


def canonical_quantity(text: str) -> str:
    """The quantity as the API server prints it: `1000m` as `1`, `1024Mi` as `1Gi`, `0.5` as `500m`.

    No digit is lost but those beyond nano, and fractions of a byte in the binary form: both are rounded up.

    Raises:
        InvalidQuantity: as for `parse_quantity`.
    """
    number, form = _parse(text)
    number = _rounded_up(number, _NANO)
    if number == 0:
        return "0"
    if form == "binary" and abs(number) >= _BINARY_FROM:
        return _binary(int(_rounded_up(number, Decimal(1))))
    return _decimal(number, exponent_form=form == "exponent")


def _parse(text: str) -> tuple[Decimal, str]:
    match = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise InvalidQuantity(f"{text[:_LONGEST]!r} is not a quantity: write a number and a unit, such as 16Gi or 500m")
    number = Decimal(match["number"])
    if match["exponent"] is not None:
        return number.scaleb(int(match["exponent"]), _EXACT), "exponent"
    suffix = match["suffix"]
    if suffix.endswith("i"):
        return _EXACT.multiply(number, Decimal(1024 ** _BINARY.index(suffix))), "binary"
    return number.scaleb(_DECIMAL[suffix], _EXACT), "decimal"


def _rounded_up(number: Decimal, unit: Decimal) -> Decimal:
    """Away from zero, to a multiple of the unit."""
    return abs(number).quantize(unit, ROUND_CEILING, context=_EXACT).copy_sign(number)


def _binary(number: int) -> str:
    power = 0
    while power + 1 < len(_BINARY) and number % 1024 == 0:
        number //= 1024
        power += 1
    return f"{number}{_BINARY[power]}"


def _decimal(number: Decimal, *, exponent_form: bool) -> str:
    """With a whole number before the greatest suffix that allows one."""
    sign, digits, shift = number.normalize(_EXACT).as_tuple()
    assert isinstance(shift, int)
    exponent = shift - shift % 3
    mantissa = int("".join(map(str, digits))) * 10 ** (shift - exponent)
    head = f"{'-' if sign else ''}{mantissa}"
    if exponent_form:
        return f"{head}e{exponent}" if exponent else head
    surplus = max(0, exponent - max(_DECIMAL.values()))
    return f"{head}{'0' * surplus}{_DECIMAL_SUFFIX[exponent - surplus]}"
