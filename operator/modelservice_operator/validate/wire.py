"""Documents as they reach the API server: kubectl sends JSON, whatever the file is written in."""

import re
from math import inf, isfinite
from typing import Final

from modelservice_operator.documents import InvalidYaml

_MOST: Final = 2**63
_HALF_CHARACTERS: Final = re.compile("[\ud800-\udfff]")


def as_json(value: object) -> object:
    """The value with texts as keys, and with texts and numbers as Go reads them back from JSON.

    A float that is a whole number has lost its point by then; a whole number beyond 64 bits has become a float.

    Raises:
        InvalidYaml: a number is none that JSON has.
    """
    if isinstance(value, dict):
        return {_key(key): as_json(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else _text(str(value))


def _number(number: float) -> float:
    if -_MOST <= number < _MOST:
        return int(number) if number == int(number) else number
    try:
        result = float(number)
    except OverflowError:
        result = inf
    if not isfinite(result):
        raise InvalidYaml(f"{number} is no number that JSON has")
    return result


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else _text(str(key))


def _text(text: str) -> str:
    return _HALF_CHARACTERS.sub("\ufffd", text)
