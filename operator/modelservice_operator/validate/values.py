"""Types and bounds of values, as the API server checks them against the schema of a CRD."""

from collections.abc import Iterator
from typing import Final

from modelservice_operator.manifest import Manifest, joined
from modelservice_operator.validate.expressions import matches
from modelservice_operator.validate.fields import INT_OR_STRING
from modelservice_operator.validate.formats import has_format
from modelservice_operator.validate.mistakes import (
    Mistake,
    invalid,
    printed,
    quoted,
    required,
    too_long,
    too_many,
    unsupported,
    wrong_type,
)

_BITS: Final = {"int32": 31, "int64": 63}
_FORMATS: Final = {"integer": "int64", "number": "float64"}
"""Of the numbers that the API server reads."""


def value_mistakes(value: object, schema: Manifest, path: str = "") -> Iterator[Mistake]:
    """What the keywords of the schema refuse in a value that `completed` has completed, and in all that is in it.

    A value of the wrong type is still held against all other keywords that apply to what it is.
    """
    yield from _type(value, schema, path)
    if "enum" in schema and not any(type(value) is type(choice) and value == choice for choice in schema["enum"]):
        yield unsupported(path, value, schema["enum"])
    if isinstance(value, str):
        yield from _text(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(value, schema, path)
    elif isinstance(value, list):
        yield from _list(value, schema, path)
    elif isinstance(value, dict):
        yield from _object(value, schema, path)


def type_name(value: object) -> str:
    """The name of the value's type in schemas."""
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]


def _type(value: object, schema: Manifest, path: str) -> Iterator[Mistake]:
    wanted = ("integer", "string") if INT_OR_STRING in schema else (schema["type"],) if "type" in schema else ()
    found = type_name(value)
    if not wanted or found in wanted or (found == "null" and schema.get("nullable", False)):
        return
    if found == "integer" and "number" in wanted:
        return
    text_format = "format" in schema and not {"integer", "number"} & {*wanted}
    if text_format and found == "array":  # the API server lets a list pass where it expects a text with a format
        return
    if "format" in schema and found not in ("null", "string", "array"):
        yield _must_be(path, schema["format"], _FORMATS.get(found, ""))
    else:
        yield _must_be(path, ",".join(wanted), found)


def _must_be(path: str, wanted: str, found: str) -> Mistake:
    return wrong_type(path, found, f"{path} in body must be of type {wanted}: {quoted(found)}")


def _text(text: str, schema: Manifest, path: str) -> Iterator[Mistake]:
    if len(text) > schema.get("maxLength", len(text)):
        yield too_long(path, schema["maxLength"])
    elif len(text) < schema.get("minLength", 0):
        yield invalid(path, text, f"{path} in body should be at least {schema['minLength']} chars long")
    elif "pattern" in schema and not matches(schema["pattern"], text):
        yield invalid(path, text, f"{path} in body should match '{schema['pattern']}'")
    if schema.get("type") == "string" and "format" in schema and not has_format(text, schema["format"]):
        yield _must_be(path, schema["format"], text)


def _number(number: float, schema: Manifest, path: str) -> Iterator[Mistake]:
    if schema.get("type") == "integer":
        name = schema.get("format", "")
        limit = 2 ** _BITS.get(name, 63)
        if number != int(number) or not -limit <= number < limit:
            kind = f"with format {name}" if name else "(default format)"
            yield invalid("", "", f"Checked value must be of type integer {kind} in {path}")
    as_bound = type(number)  # a whole number is held against the whole part of a bound
    if "maximum" in schema:
        most, exclusive = as_bound(schema["maximum"]), schema.get("exclusiveMaximum", False)
        if number > most or (exclusive and number == most):
            yield invalid(path, number, f"{path} in body should be less than {_named(most, exclusive=exclusive)}")
    if "minimum" in schema:
        least, exclusive = as_bound(schema["minimum"]), schema.get("exclusiveMinimum", False)
        if number < least or (exclusive and number == least):
            yield invalid(path, number, f"{path} in body should be greater than {_named(least, exclusive=exclusive)}")


def _named(bound: float, *, exclusive: bool) -> str:
    return printed(bound) if exclusive else f"or equal to {printed(bound)}"


def _list(items: list[object], schema: Manifest, path: str) -> Iterator[Mistake]:
    for index, item in enumerate(items):
        yield from value_mistakes(item, schema.get("items", {}), f"{path}[{index}]")
    if len(items) > schema.get("maxItems", len(items)):
        yield too_many(path, len(items), schema["maxItems"])
    if len(items) < schema.get("minItems", 0):
        yield invalid(path, len(items), f"{path} in body should have at least {schema['minItems']} items")


def _object(fields: Manifest, schema: Manifest, path: str) -> Iterator[Mistake]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for field, value in fields.items():
        yield from value_mistakes(value, properties.get(field, others), joined(path, field))
    for field in schema.get("required", ()):
        if field not in fields:
            yield required(joined(path, field))
    if len(fields) > schema.get("maxProperties", len(fields)):
        yield too_many(path, len(fields), schema["maxProperties"])
    if len(fields) < schema.get("minProperties", 0):
        yield invalid(path, len(fields), f"{path} in body should have at least {schema['minProperties']} properties")
