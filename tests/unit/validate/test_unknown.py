from typing import Any

import pytest

from modelservice_operator.validate.unknown import did_you_mean, unknown_fields

TEXT = {"type": "string"}
OPEN = {"x-kubernetes-preserve-unknown-fields": True}
MODEL = {"properties": {"uri": TEXT, "size": TEXT}}
NO_SUCH = "there is no such field"


@pytest.mark.parametrize(
    ("value", "properties", "found"),
    [
        ({"model": {"uri": "x"}}, {"model": MODEL}, []),
        ({"modle": 1}, {"model": MODEL}, [("modle", f"{NO_SUCH}; did you mean model?")]),
        ({"model": {"url": "x", "Size": 1}}, {"model": MODEL},
         [("model.url", f"{NO_SUCH}; did you mean uri?"), ("model.Size", f"{NO_SUCH}; did you mean size?")]),
        ({"nothing": 1}, {"model": MODEL}, [("nothing", NO_SUCH)]),
        ({"a": [{"urj": 1}]}, {"a": {"items": MODEL}}, [("a[0].urj", f"{NO_SUCH}; did you mean uri?")]),
        ({"a": {"any": {"x": 1}}}, {"a": {"additionalProperties": MODEL}}, [("a.any.x", NO_SUCH)]),
        ({"a": {"x": 1}}, {"a": TEXT}, [("a.x", NO_SUCH)]),
        ({"a": [{"x": 1}]}, {"a": TEXT}, [("a[0].x", NO_SUCH)]),
        ({"a": {"any": [{"x": 1}]}}, {"a": OPEN}, []),
        ({"a": {"model": {"x": 1}}}, {"a": OPEN | {"properties": {"model": MODEL}}}, [("a.model.x", NO_SUCH)]),
        ({"a": [{"x": 1}]}, {"a": OPEN}, []),
        ({"a": ["x", None, 1]}, {"a": {"items": MODEL}}, []),
    ],
)  # fmt: skip
def test_unknown_fields(value: Any, properties: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert [(m.field, m.message) for m in unknown_fields(value, {"properties": properties})] == found


def test_how_near_a_name_must_be() -> None:
    assert did_you_mean("replica", ["replicas", "runtime"]) == "; did you mean replicas?"
    assert did_you_mean("replica", ["replicas"], 0.99) == ""
