"""CEL as Kubernetes has it: its optional syntax, its functions on texts, and quantities."""

from functools import cache
from typing import Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from modelservice_operator.validate import quantities


class InvalidExpression(ValueError):
    """The text is no expression, or calls something that is not known here; the message says what."""


class NoValue(ValueError):
    """The expression has no value for what it was given; the message says why."""


_ENVIRONMENT: Final = cel.NewEnv(
    variables={"self": cel.Type.DYN, "oldSelf": cel.Type.DYN, "pattern": cel.Type.STRING},
    extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings(), quantities.EXTENSION],
)


@cache
def compiled(expression: str) -> cel.Expression:
    """The expression, compiled once.

    Raises:
        InvalidExpression: it cannot be compiled.
    """
    try:
        return _ENVIRONMENT.compile(expression)
    except (RuntimeError, ValueError) as error:
        raise InvalidExpression(f"{expression}: {error}") from error


def evaluated(expression: str, value: object) -> object:
    """The value of the expression with `self` as the value given.

    Raises:
        InvalidExpression: it cannot be compiled.
        NoValue: it has no value, for example because `self` lacks a field.
    """
    return _result(compiled(expression).eval(data={"self": _whole(value)}))


def matches(pattern: str, text: str) -> bool:
    """Whether a part of the text matches the pattern, in the syntax and by the rules of RE2.

    Raises:
        NoValue: it is no pattern.
    """
    return _result(compiled("self.matches(pattern)").eval(data={"self": _whole(text), "pattern": pattern})) is True


def _whole(value: object) -> object:
    """The value with U+0001 for U+0000, at which the library cuts a text off; no pattern tells the two apart."""
    if isinstance(value, dict):
        return {_whole(key): _whole(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value.replace("\0", "\1") if isinstance(value, str) else value


def _result(value: cel.Value) -> object:
    if value.type() == cel.Type.ERROR:
        raise NoValue(str(value.value()))
    return value.plain_value()
