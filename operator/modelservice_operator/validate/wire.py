"""Documents as they reach the API server: kubectl sends JSON, whatever the file is written in."""

from math import inf, isfinite
from typing import Final

from modelservice_operator.documents import HALF_CHARACTERS, InvalidYaml
from modelservice_operator.manifest import joined

_MOST: Final = 2**63


def as_json(value: object, path: str = "") -> object:
    """The value with texts as keys, and with texts and numbers as Go reads them back from JSON.

    A float that is a whole number has lost its point by then; a whole number beyond 64 bits has become a float.

    Raises:
        InvalidYaml: a number is none that JSON has, a key is null, or it is nested too deeply.
    """
    try:
        return _as_json(value, path)
    except RecursionError as error:
        raise InvalidYaml("it is nested too deeply") from error


def _as_json(value: object, path: str) -> object:
    if isinstance(value, dict):
        keys = [(_key(key, path), inside) for key, inside in value.items()]
        return {key: _as_json(inside, joined(path, key)) for key, inside in keys}
    if isinstance(value, list):
        return [_as_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, path)
    return value.decode(errors="replace") if isinstance(value, bytes) else _text(str(value))


def _number(number: float, path: str) -> float:
    if -_MOST <= number < _MOST:
        return int(number) if number == int(number) else number
    try:
        result = float(number)
    except OverflowError:
        result = inf
    if not isfinite(result):
        raise InvalidYaml(": ".join(filter(None, (path, f"{result} is no number that JSON has"))))
    return result


def _key(key: object, path: str) -> str:
    if key is None:
        raise InvalidYaml(": ".join(filter(None, (path, "a key may not be null"))))
    if isinstance(key, bool):
        return str(key).lower()
    return str(_number(key, path)) if isinstance(key, float) else _text(str(key))


def _text(text: str) -> str:
    return HALF_CHARACTERS.sub("\ufffd", text)
