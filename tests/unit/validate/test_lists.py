from typing import Any

import pytest

from modelservice_operator.validate.lists import list_mistakes

SET = {"x-kubernetes-list-type": "set"}
BY_NAME = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
BY_PORT = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"]}


@pytest.mark.parametrize(
    ("items", "schema", "found"),
    [
        (["a", "a"], {}, []),
        (["a", "a"], {"x-kubernetes-list-type": "atomic"}, []),
        (["a", "b"], SET, []),
        (["a", "b", "a", "a"], SET, [("f.l[2]", 'Duplicate value: "a"')]),
        ([{"a": 1}, {"a": 1}], SET, [("f.l[1]", 'Duplicate value: {"a":1}')]),
        (["1", 1], SET, []),
        ([{"name": "A"}, {"name": "B"}], BY_NAME, []),
        ([{"name": "A"}, {"name": "A", "x": 1}], BY_NAME, [("f.l[1]", 'Duplicate value: {"name":"A"}')]),
        ([{}, {"x": 1}, None], BY_NAME, [("f.l[1]", "Duplicate value: {}")]),
        ([{"name": "A"}, "A"], BY_NAME,
         [("f.l[1]", 'Invalid value: "A": must be an object for an array of list-type map')]),
        ([{"port": 1}, {"port": 1, "protocol": "UDP"}], BY_PORT, []),
        ([{"port": 1, "protocol": "UDP"}] * 2, BY_PORT, [("f.l[1]", 'Duplicate value: {"port":1,"protocol":"UDP"}')]),
        ([["a", "a"]], {"items": SET}, [("f.l[0][1]", 'Duplicate value: "a"')]),
    ],
)  # fmt: skip
def test_lists(items: list[Any], schema: dict[str, Any], found: list[tuple[str, str]]) -> None:
    whole = {"properties": {"f": {"properties": {"l": schema}}}}
    assert [(m.field, m.message) for m in list_mistakes({"f": {"l": items}}, whole)] == found


def test_a_value_of_a_map_stands_in_brackets() -> None:
    (mistake,) = list_mistakes({"a.b": ["x", "x"]}, {"additionalProperties": SET}, "f")
    assert mistake.field == "f[a.b][1]"
