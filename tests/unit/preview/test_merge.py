import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.merge import three_way


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
