import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.compact import compact


@pytest.mark.parametrize(
    ("manifest", "compacted"),
    [
        ({"a": None, "b": "", "c": [], "d": {}, "e": ()}, {}),
        ({"a": False, "b": 0, "c": "x"}, {"a": False, "b": 0, "c": "x"}),
        ({"a": {"b": {"c": None}}}, {}),
        ({"a": [{"b": ""}, "", {"c": 1}]}, {"a": [{}, "", {"c": 1}]}),
        ({"a": ("x", "y")}, {"a": ["x", "y"]}),
    ],
)
def test_compact(manifest: Manifest, compacted: Manifest) -> None:
    """The items of a list keep their places: an empty argument is an argument."""
    assert compact(manifest) == compacted
