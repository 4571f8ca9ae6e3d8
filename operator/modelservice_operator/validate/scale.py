"""The number of replicas that the scale subresource reads, which the API server checks once more by itself."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.validate.mistakes import Mistake, invalid, printed

_MOST: Final = 2**31 - 1
_GO_TYPES: Final = {
    bool: "bool",
    dict: "map[string]interface {}",
    float: "float64",
    int: "int64",
    list: "[]interface {}",
    str: "string",
    type(None): "<nil>",
}


def scale_mistakes(manifest: Manifest, path: str) -> Iterator[Mistake]:
    """What is wrong with the number at a path such as `.spec.replicas`; the path of the mistake keeps its dot."""
    value: object = manifest
    parts = path.removeprefix(".").split(".")
    for depth, part in enumerate(parts, start=1):
        if not isinstance(value, dict):
            yield _not_readable(path, parts[:depth], value, "map[string]interface{}")
            return
        if part not in value:
            return
        value = value[part]
    if isinstance(value, bool) or not isinstance(value, int):
        yield _not_readable(path, parts, value, "int64")
    elif value < 0:
        yield invalid(path, value, "should be a non-negative integer")
    elif value > _MOST:
        yield invalid(path, value, f"should be less than or equal to {_MOST}")


def _not_readable(path: str, parts: list[str], value: object, wanted: str) -> Mistake:
    found = f"{_go(value)} is of the type {_GO_TYPES[type(value)]}"
    return invalid(path, 0, f".{'.'.join(parts)} accessor error: {found}, expected {wanted}")


def _go(value: object) -> str:
    """The value as Go prints it by default."""
    if isinstance(value, list):
        return f"[{' '.join(map(_go, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go(value[key])}' for key in sorted(value))}]"
    if value is None:
        return "<nil>"
    return value if isinstance(value, str) else printed(value)
