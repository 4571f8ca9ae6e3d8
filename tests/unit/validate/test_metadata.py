from typing import Any

import pytest

from modelservice_operator.validate.metadata import SCHEMA, metadata_mistakes, named
from modelservice_operator.validate.values import value_mistakes

NAME = {"name": "qwen"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"namespace": "ml", "labels": {"a.b/C_d": "X.y", "e": ""}, "annotations": {"A/b": "any thing"}}, []),
        ({"name": None}, [("name", "Required value: name or generateName is required")]),
        ({"name": "a" * 254}, [("name", "must be no more than 253 characters")]),
        ({"name": "Qwen"}, [("name", 'Invalid value: "Qwen": a lowercase RFC 1123 subdomain')]),
        ({"generateName": "qwen-"}, []),
        ({"generateName": "Q"}, [("generateName", 'Invalid value: "Q": a lowercase')]),
        ({"namespace": "a.b"}, [("namespace", "must not contain dots")]),
        ({"namespace": "A"}, [("namespace", "a lowercase RFC 1123 label must")]),
        ({"labels": {"a/b/c": ""}}, [("labels", "with an optional DNS subdomain prefix and '/'")]),
        ({"labels": {"/b": ""}}, [("labels", "prefix part must be non-empty")]),
        ({"labels": {"A/b": ""}}, [("labels", "prefix part a lowercase RFC 1123 subdomain")]),
        ({"labels": {"a" * 64: ""}}, [("labels", "name part must be no more than 63 bytes")]),
        ({"labels": {"a": "b c"}}, [("labels", 'Invalid value: "b c": a valid label must be an empty string or')]),
        ({"labels": {"": ""}}, [("labels", "name part must be non-empty"), ("labels", "name part must consist")]),
        ({"annotations": {"a b": ""}}, [("annotations", "name part must consist of alphanumeric")]),
        ({"annotations": {"a": "é" * 2**17}}, [("annotations", "may not be more than 262144 bytes")]),
        ({"finalizers": ["a b"]}, [("finalizers", "name part must consist of alphanumeric")]),
    ],
)
def test_metadata(change: dict[str, Any], found: list[tuple[str, str]]) -> None:
    mistakes = list(metadata_mistakes(NAME | change))
    assert [mistake.field for mistake in mistakes] == [f"metadata.{field}" for field, _ in found]
    for mistake, (_, text) in zip(mistakes, found, strict=True):
        assert text in mistake.message


def test_a_name_is_generated_as_long_as_the_api_server_does_it() -> None:
    assert named({"generateName": "q" * 70}) == {"generateName": "q" * 70, "name": "q" * 58 + "00000"}
    assert named({"name": "a", "generateName": "b"}) == {"name": "a", "generateName": "b"}
    assert named({}) == {}


@pytest.mark.parametrize("change", [{"name": 8}, {"labels": {"a": 1}}, {"labels": []}, {"generation": "1"}])
def test_types(change: dict[str, Any]) -> None:
    assert list(value_mistakes(NAME | change, SCHEMA))
