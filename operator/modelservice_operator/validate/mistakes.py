"""What is wrong with a field, in the words of the API server."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from typing_extensions import override

from modelservice_operator.manifest import wire_json

OMITTED: Final = object()
"""In place of a value that is not repeated in the message."""

_GO_ESCAPES: Final = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """A cause as the API server gives it in a Status: a path, and what is said of the value there.

    The path is empty where the API server names none. Rules are evaluated only if no mistake `blocks` them, so that
    they may rely on types and bounds.
    """

    field: str
    message: str
    blocks: bool = False

    @override
    def __str__(self) -> str:
        return ": ".join(filter(None, (self.field, self.message)))


def invalid(field: str, value: object, detail: str) -> Mistake:
    """The value breaks a bound or a rule."""
    return Mistake(field, _with_detail("Invalid value", value, detail))


def wrong_type(field: str, value: object, detail: str) -> Mistake:
    """The value is of another type."""
    return Mistake(field, _with_detail("Invalid value", value, detail), blocks=True)


def required(field: str, detail: str = "") -> Mistake:
    """The field is absent."""
    return Mistake(field, _with_detail("Required value", OMITTED, detail), blocks=True)


def forbidden(field: str, detail: str) -> Mistake:
    """The field may not be set beside the others."""
    return Mistake(field, _with_detail("Forbidden", OMITTED, detail))


def duplicate(field: str, value: object) -> Mistake:
    """The item stands in the list before."""
    return Mistake(field, _with_detail("Duplicate value", value, ""))


def unsupported(field: str, value: object, choices: Iterable[object]) -> Mistake:
    """The value is none of the choices."""
    listed = ", ".join(quoted(choice if isinstance(choice, str) else printed(choice)) for choice in choices)
    return Mistake(field, _with_detail("Unsupported value", value, f"supported values: {listed}"), blocks=True)


def too_long(field: str, most: int) -> Mistake:
    """The text has too many characters, which the API server calls bytes."""
    detail = f"may not be more than {most} {'byte' if most == 1 else 'bytes'}"
    return Mistake(field, _with_detail("Too long", OMITTED, detail), blocks=True)


def too_many(field: str, count: int, most: int) -> Mistake:
    """The list or map has too many items."""
    detail = f"must have at most {most} {'item' if most == 1 else 'items'}"
    return Mistake(field, _with_detail("Too many", count, detail), blocks=True)


def printed(value: object) -> str:
    """The value as the API server repeats it."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return _float(value)
    return wire_json(value).decode()


def quoted(text: str) -> str:
    """The text in quotes, with the escapes of Go."""
    return '"' + "".join(_GO_ESCAPES.get(char) or _printable(char) for char in text) + '"'


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _float(number: float) -> str:
    """The shortest text that gives the number back, with an exponent where Go writes one."""
    exact = Decimal(repr(number)).normalize()
    exponent = exact.adjusted()
    if -4 <= exponent < 6:
        return format(exact, "f")
    return f"{format(exact.scaleb(-exponent), 'f')}e{exponent:+03d}"


def _with_detail(kind: str, value: object, detail: str) -> str:
    parts = (kind, "" if value is OMITTED else printed(value), detail)
    return ": ".join(part for part in parts if part)
