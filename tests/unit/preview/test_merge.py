import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.merge import still_managed, three_way


@pytest.mark.parametrize(
    ("before", "given", "live", "patch"),
    [
        ({}, {"a": 1}, {"a": 1}, {}),
        ({}, {"a": 2}, {"a": 1}, {"a": 2}),
        ({}, {"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {}, {"a": 1}, {"a": None}),
        ({"a": 1}, {"a": None}, {"a": 1}, {"a": None}),
        ({}, {}, {"a": 1}, {}),
        ({}, {"a": None}, {"a": 1}, {}),
        ({"s": {"a": 1, "b": 1}}, {"s": {"a": 2}}, {"s": {"a": 1, "b": 1, "c": 1}}, {"s": {"a": 2, "b": None}}),
        ({"s": {"a": 1}}, {}, {"s": {"a": 1, "c": 1}}, {"s": None}),
        ({}, {"l": [1, 2]}, {"l": [1]}, {"l": [1, 2]}),
        ({}, {"s": {"a": 1}}, {"s": "text"}, {"s": {"a": 1}}),
    ],
)
def test_three_way(before: Manifest, given: Manifest, live: Manifest, patch: Manifest) -> None:
    assert three_way(before, given, live) == patch


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, {}),
        ({"f:spec": {"f:replicas": {}}}, {"spec": {"replicas": 2}}),
        ({"f:spec": {"f:model": {"f:uri": {}}, "f:list": {}}}, {"spec": {"model": {"uri": "x"}, "list": [1]}}),
        ({"f:spec": {"f:model": {}}}, {"spec": {"model": {"uri": "x"}}}),
        ({"f:spec": {"f:other": {}}}, {"spec": {}}),
    ],
)
def test_what_is_still_managed(fields: Manifest, kept: Manifest) -> None:
    given = {"kind": "K", "spec": {"replicas": 2, "model": {"uri": "x"}, "list": [1]}}
    assert still_managed(given, fields) == kept
