from typing import Any

import pytest

from modelservice_operator.validate.rules import as_cel, identifier, rule_mistakes

SET = "must be set"
AB = {"properties": {"a": {"properties": {"b.c": {}}}, "m": {"additionalProperties": {}}}}


def told(value: Any, rule: dict[str, Any] | str, **keywords: Any) -> list[tuple[str, str]]:
    """What is said of a value that must keep a rule."""
    rule = {"rule": rule} if isinstance(rule, str) else rule
    schema = {"type": "object", "x-kubernetes-validations": [rule], **keywords}
    return [(mistake.field, mistake.message) for mistake in rule_mistakes(value, schema, "f")]


@pytest.mark.parametrize(
    ("value", "rule", "keywords", "found"),
    [
        ({}, {"rule": "has(self.a)", "message": f" {SET} "}, {}, [("f", f"Invalid value: {SET}")]),
        ({"a": 1}, {"rule": "has(self.a)", "message": SET}, {}, []),
        ({}, {"rule": "has(self.a)", "message": SET, "fieldPath": ".a"}, AB, [("f.a", f"Invalid value: {SET}")]),
        ({}, {"rule": "has(self.a)", "message": SET, "fieldPath": ".a", "reason": "FieldValueRequired"}, AB,
         [("f.a", f"Required value: {SET}")]),
        ({}, {"rule": "false", "message": SET, "fieldPath": ".a['b.c']"}, AB, [("f.a.b.c", f"Invalid value: {SET}")]),
        ({}, {"rule": "false", "message": SET, "fieldPath": ".m['b.c']"}, AB, [("f.m[b.c]", f"Invalid value: {SET}")]),
        ({}, {"rule": "false", "message": SET, "reason": "FieldValueForbidden"}, {}, [("f", f"Forbidden: {SET}")]),
        ("x", {"rule": "false", "reason": "FieldValueDuplicate"}, {"type": "string"}, [("f", 'Duplicate value: "x"')]),
        ({}, " false ", {}, [("f", "Invalid value: failed rule: false")]),
        ("x", "self == 'y'", {"type": "string"}, [("f", "Invalid value: \"x\": failed rule: self == 'y'")]),
        (7, {"rule": "false", "message": SET}, {"type": ""}, [("f", f"Invalid value: 7: {SET}")]),
        ([1], {"rule": "false", "message": SET}, {"type": "array"}, [("f", f"Invalid value: {SET}")]),
        ({}, {"rule": "false", "messageExpression": "'one ' + 'two'"}, {}, [("f", "Invalid value: one two")]),
        ({}, {"rule": "false", "messageExpression": "self.x", "message": SET}, {}, [("f", f"Invalid value: {SET}")]),
        ({}, {"rule": "false", "messageExpression": "'a\\nb'", "message": SET}, {}, [("f", f"Invalid value: {SET}")]),
        ({}, {"rule": "false", "messageExpression": "1", "message": SET}, {}, [("f", f"Invalid value: {SET}")]),
        (None, "false", {}, []),
        ({"a": 1}, "self.a == oldSelf.a", {}, []),
        ({"namespace": "a"}, "self.__namespace__ == 'a'", {"properties": {"namespace": {"type": "string"}}}, []),
        (1, "self / 2.0 == 0.5", {"type": "number"}, []),
    ],
)  # fmt: skip
def test_rules(value: Any, rule: Any, keywords: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert told(value, rule, **keywords) == found


def test_a_rule_without_a_value_is_broken() -> None:
    ((field, message),) = told({}, {"rule": "self.a == 1", "message": SET})
    assert field == "f"
    assert message.startswith('Invalid value: "object": ')
    assert message.endswith(f" evaluating rule: {SET}")


def test_rules_at_every_depth_with_their_paths() -> None:
    leaf = {"type": "string", "x-kubernetes-validations": [{"rule": "self == 'good'", "message": "must be good"}]}
    schema = {
        "properties": {
            "one": leaf,
            "list": {"type": "array", "items": leaf},
            "map": {"type": "object", "additionalProperties": leaf},
        }
    }
    value = {"one": "bad", "list": ["good", "bad", None], "map": {"x": "bad"}, "unknown": "bad"}
    assert [mistake.field for mistake in rule_mistakes(value, schema)] == ["one", "list[1]", "map[x]"]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("uri", "uri"),
        ("namespace", "__namespace__"),
        ("in", "__in__"),
        ("two-words", "two__dash__words"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("_a_", "_a_"),
    ],
)
def test_identifiers(field: str, name: str) -> None:
    assert identifier(field) == name


def test_keys_of_maps_keep_their_names() -> None:
    schema = {"additionalProperties": {"type": "number"}}
    assert as_cel({"a-b": 1, "in": 2.5}, schema) == {"a-b": 1.0, "in": 2.5}
    assert isinstance(as_cel(1, {"type": "number"}), float)
