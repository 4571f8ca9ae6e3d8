from typing import Any

import pytest

from modelservice_operator.validate.completed import completed

TEXT = {"type": "string"}
ONE = {"type": "integer", "default": 1}
SECTION = {"type": "object", "default": {}, "properties": {"size": ONE}}
TEXTS = {"type": "array", "items": TEXT}


@pytest.mark.parametrize(
    ("value", "properties", "result"),
    [
        ({}, {"a": ONE, "b": TEXT}, {"a": 1}),
        ({"a": 2}, {"a": ONE}, {"a": 2}),
        ({"a": None}, {"a": ONE}, {"a": 1}),
        ({"a": None}, {"a": TEXT}, {}),
        ({"a": None}, {"a": TEXT | {"nullable": True}}, {"a": None}),
        ({"a": None}, {"a": ONE | {"nullable": True}}, {"a": None}),
        ({}, {"a": SECTION}, {"a": {"size": 1}}),
        ({"a": {}}, {"a": SECTION}, {"a": {"size": 1}}),
        ({"a": ["x", None]}, {"a": TEXTS}, {"a": ["x", None]}),
        ({"a": [None, {}]}, {"a": {"items": SECTION}}, {"a": [{"size": 1}, {"size": 1}]}),
        ({"a": {"x": None, "y": "z"}}, {"a": {"additionalProperties": TEXT}}, {"a": {"y": "z"}}),
        ({"a": {"x": None}}, {"a": {"additionalProperties": ONE}}, {"a": {"x": 1}}),
        ({"a": {"x": None}}, {"a": {"x-kubernetes-preserve-unknown-fields": True}}, {"a": {"x": None}}),
        ({"a": "text"}, {"a": SECTION}, {"a": "text"}),
    ],
)
def test_completed(value: Any, properties: dict[str, Any], result: Any) -> None:
    assert completed(value, {"type": "object", "properties": properties}) == result


def test_what_was_given_stays_as_it_is() -> None:
    given: dict[str, Any] = {"a": {}, "open": {"b": []}}
    made: Any = completed(given, {"properties": {"a": SECTION}})
    made["open"]["b"].append(1)
    made["a"]["size"] = 7
    assert given == {"a": {}, "open": {"b": []}}
    assert SECTION["default"] == {}
