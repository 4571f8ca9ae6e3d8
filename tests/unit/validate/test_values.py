from typing import Any

import pytest

from modelservice_operator.validate.values import value_mistakes

TEXT = {"type": "string"}
INT32 = {"type": "integer", "format": "int32"}
NUMBER = {"type": "number"}
MOMENT = {"type": "string", "format": "date-time"}
QUANTITY = {"x-kubernetes-int-or-string": True}
OF_TYPE = "f in body must be of type"


def found(value: Any, schema: dict[str, Any]) -> list[tuple[str, str]]:
    return [(mistake.field, mistake.message) for mistake in value_mistakes(value, schema, "f")]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("x", TEXT),
        (None, TEXT | {"nullable": True}),
        (1, NUMBER),
        (1.5, NUMBER),
        (2**31 - 1, INT32),
        (-(2**31), INT32),
        ("1Gi", QUANTITY),
        (1, QUANTITY),
        (2, {"type": "integer", "minimum": 2, "maximum": 2}),
        (0, NUMBER | {"minimum": 0.5}),
        ("éé", TEXT | {"minLength": 2, "maxLength": 2}),
        ("xay", TEXT | {"pattern": "a"}),
        ("a", TEXT | {"enum": ["a"]}),
        ([], {"type": "array", "items": TEXT, "maxItems": 0}),
        ({"a": "x"}, {"type": "object", "additionalProperties": TEXT, "maxProperties": 1, "minProperties": 1}),
        ({"any": [1]}, {"type": "object"}),
        ("2026-11-22T10:00:00.5Z", MOMENT),
        (["x"], MOMENT),
        ({"a": 1}, {}),
    ],
)
def test_accepted(value: Any, schema: dict[str, Any]) -> None:
    assert found(value, schema) == []


@pytest.mark.parametrize(
    ("value", "schema", "messages"),
    [
        (1, TEXT, [f'Invalid value: "integer": {OF_TYPE} string: "integer"']),
        (None, TEXT, [f'Invalid value: "null": {OF_TYPE} string: "null"']),
        ("1", INT32, [f'Invalid value: "string": {OF_TYPE} integer: "string"']),
        ([], INT32, [f'Invalid value: "array": {OF_TYPE} integer: "array"']),
        (True, INT32, [f'Invalid value: "": {OF_TYPE} int32: ""']),
        (True, QUANTITY, [f'Invalid value: "boolean": {OF_TYPE} integer,string: "boolean"']),
        (1, MOMENT, [f'Invalid value: "int64": {OF_TYPE} date-time: "int64"']),
        ("soon", MOMENT, [f'Invalid value: "soon": {OF_TYPE} date-time: "soon"']),
        (3, NUMBER | {"maximum": 2.5}, ["Invalid value: 3: f in body should be less than or equal to 2"]),
        (3, NUMBER | {"maximum": 3, "exclusiveMaximum": True}, ["Invalid value: 3: f in body should be less than 3"]),
        (0.2, NUMBER | {"minimum": 0.5}, ["Invalid value: 0.2: f in body should be greater than or equal to 0.5"]),
        (1, NUMBER | {"minimum": 1, "exclusiveMinimum": True},
         ["Invalid value: 1: f in body should be greater than 1"]),
        ("ééé", TEXT | {"maxLength": 2, "pattern": "a"}, ["Too long: may not be more than 2 bytes"]),
        ("é", TEXT | {"minLength": 2}, ['Invalid value: "é": f in body should be at least 2 chars long']),
        ("b", TEXT | {"pattern": "^a$"}, ["Invalid value: \"b\": f in body should match '^a$'"]),
        ("b", TEXT | {"enum": ["a"]}, ['Unsupported value: "b": supported values: "a"']),
        ([1, 2], {"type": "array", "maxItems": 1}, ["Too many: 2: must have at most 1 item"]),
        ([], {"type": "array", "minItems": 1}, ["Invalid value: 0: f in body should have at least 1 items"]),
        ({"a": 1, "b": 2}, {"type": "object", "maxProperties": 1}, ["Too many: 2: must have at most 1 item"]),
        ({}, {"type": "object", "minProperties": 1},
         ["Invalid value: 0: f in body should have at least 1 properties"]),
        (None, TEXT | {"enum": ["a"]}, [f'Invalid value: "null": {OF_TYPE} string: "null"',
                                        'Unsupported value: null: supported values: "a"']),
    ],
)  # fmt: skip
def test_refused(value: Any, schema: dict[str, Any], messages: list[str]) -> None:
    assert found(value, schema) == [("f", message) for message in messages]


@pytest.mark.parametrize(
    ("value", "schema", "paths"),
    [
        (["x", 1], {"type": "array", "items": TEXT}, ["f[1]"]),
        ({"a.b": 1}, {"type": "object", "additionalProperties": TEXT}, ["f.a.b"]),
        ({"a": {"b": 1}}, {"properties": {"a": {"properties": {"b": TEXT}, "required": ["c"]}}}, ["f.a.b", "f.a.c"]),
    ],
)
def test_paths(value: Any, schema: dict[str, Any], paths: list[str]) -> None:
    assert [path for path, _ in found(value, schema)] == paths


@pytest.mark.parametrize(
    ("value", "schema", "kind"),
    [
        (2**31, INT32, "with format int32"),
        (1.5, INT32, "with format int32"),
        (1e21, {"type": "integer", "format": "int64"}, "with format int64"),
        (1.5, {"type": "integer"}, "(default format)"),
    ],
)
def test_a_number_out_of_the_range_of_its_format_has_no_path(value: Any, schema: dict[str, Any], kind: str) -> None:
    message = f'Invalid value: "": Checked value must be of type integer {kind} in f'
    assert ("", message) in found(value, schema)
