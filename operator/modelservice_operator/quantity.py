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
PATTERN: Final = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2}|[KMGTPE]i|[numkMGTPE]?)"
"""RE2 pattern of a whole quantity. Kubernetes sets no bound to exponents, and computes for minutes on `1e999999999`."""

_PARTS: Final = re.compile("([+-]?[0-9.]+)(.*)")
_LONGEST: Final = 64
_EXACT: Final = Context(prec=_LONGEST + 110)
"""Enough digits for any text of `_LONGEST` characters with two digits of exponent: no step rounds by itself."""
_NANO: Final = Decimal("1e-9")
_BINARY_FROM: Final = 1024
"""Below it the binary form has no suffix."""
_BINARY_MOST: Final = Decimal(2**63 - 1)


def parse_quantity(text: str) -> Decimal:
    """The number that a quantity stands for, in units (bytes, cores, devices): exact, but binary ones end at 2⁶³ - 1.

    Raises:
        InvalidQuantity: it has not the form of a quantity, more than 64 characters or an exponent beyond ±99.
    """
    return _parse(text)[0]


def is_quantity(text: str) -> bool:
    """Whether `parse_quantity` takes the text."""
    try:
        parse_quantity(text)
    except InvalidQuantity:
        return False
    return True


def canonical_quantity(text: str) -> str:
    """The quantity as the API server prints it: `1000m` as `1`, `1024Mi` as `1Gi`, `0.5` as `500m`.

    Digits beyond nano are rounded away from zero; a binary quantity that is no whole number turns decimal. Where a text
    is unusual and short (`+1`, `5.`, `1E3`), the API server prints it as it was written: the number is then the same.

    Raises:
        InvalidQuantity: as for `parse_quantity`.
    """
    number, form = _parse(text)
    number = _rounded_up(number, _NANO)
    if number == 0:
        return "0"
    if form == "binary" and abs(number) >= _BINARY_FROM and number == int(number):
        return _binary(int(number))
    return _decimal(number, exponent_form=form == "exponent")


def _parse(text: str) -> tuple[Decimal, str]:
    parts = _PARTS.fullmatch(text)
    if parts is None or len(text) > _LONGEST or not re.fullmatch(PATTERN, text):
        raise InvalidQuantity(f"{text[:_LONGEST]!r} is not a quantity: write a number and a unit, such as 16Gi or 500m")
    number, suffix = Decimal(parts[1]), parts[2]
    if suffix[1:].lstrip("+-").isdecimal():
        return number.scaleb(int(suffix[1:]), _EXACT), "exponent"
    if suffix.endswith("i"):
        product = _EXACT.multiply(number, Decimal(1024 ** _BINARY.index(suffix)))
        return max(-_BINARY_MOST, min(product, _BINARY_MOST)), "binary"
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
    sign, digits, scale = number.normalize(_EXACT).as_tuple()
    shift = int(scale)
    exponent = shift - shift % 3
    mantissa = int("".join(map(str, digits))) * 10 ** (shift - exponent)
    head = f"{'-' if sign else ''}{mantissa}"
    if exponent_form:
        return f"{head}e{exponent}" if exponent else head
    surplus = max(0, exponent - max(_DECIMAL.values()))
    return f"{head}{'0' * surplus}{_DECIMAL_SUFFIX[exponent - surplus]}"
