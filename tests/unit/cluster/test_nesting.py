import json

import pytest

from modelservice_operator.cluster.nesting import DEEPEST, loads


def nested(depth: int, inside: str = "1") -> str:
    return '{"a":' * depth + inside + "}" * depth


def depth_of(value: object) -> int:
    levels = 0
    while isinstance(value, dict):
        value, levels = value["a"], levels + 1
    return levels


def test_what_can_be_read_is_read_as_it_is() -> None:
    assert loads(nested(300)) == json.loads(nested(300))
    assert loads(nested(1).encode()) == {"a": 1}


@pytest.mark.parametrize("depth", [2000, 9999])
def test_what_is_too_deep_ends_with_null_and_hides_nothing_beside_it(depth: int) -> None:
    text = f'{{"before": "}}]\\"[{{", "deep": {nested(depth)}, "list": {"[" * depth}{"]" * depth}, "after": [1, {{}}]}}'
    found = loads(text)
    assert isinstance(found, dict)
    assert depth_of(found.pop("deep")) == DEEPEST - 1
    found.pop("list")
    assert found == {"before": '}]"[{', "after": [1, {}]}


def test_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        loads("[" * 9999 + "]" * 9998)
