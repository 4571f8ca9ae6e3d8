from typing import Any

import pytest

from modelservice_operator.validate.scale import scale_mistakes

NOT_A_NUMBER = "Invalid value: 0: .spec.replicas accessor error: {} is of the type {}, expected int64"


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({}, []),
        ({"replicas": 0}, []),
        ({"replicas": 2**31 - 1}, []),
        ({"replicas": -1}, ["Invalid value: -1: should be a non-negative integer"]),
        ({"replicas": 2**31}, ["Invalid value: 2147483648: should be less than or equal to 2147483647"]),
        ({"replicas": "2"}, [NOT_A_NUMBER.format("2", "string")]),
        ({"replicas": True}, [NOT_A_NUMBER.format("true", "bool")]),
        ({"replicas": 1.5}, [NOT_A_NUMBER.format("1.5", "float64")]),
        ({"replicas": [1, None]}, [NOT_A_NUMBER.format("[1 <nil>]", "[]interface {}")]),
        ({"replicas": {"b": 1, "a": "x"}}, [NOT_A_NUMBER.format("map[a:x b:1]", "map[string]interface {}")]),
        (7, ["Invalid value: 0: .spec.replicas accessor error: "
             "7 is of the type int64, expected map[string]interface{}"]),
    ],
)  # fmt: skip
def test_replicas(spec: Any, messages: list[str]) -> None:
    found = list(scale_mistakes({"spec": spec}, ".spec.replicas"))
    assert [mistake.message for mistake in found] == messages
    assert {mistake.field for mistake in found} <= {".spec.replicas"}
