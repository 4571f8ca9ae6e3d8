from typing import Any

import pytest

from modelservice_operator.documents import InvalidYaml
from modelservice_operator.validate.wire import as_json


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({1: "a", 1.5: "b", "c": "d", 1e3: 1}, {"1": "a", "1.5": "b", "c": "d", "1000": 1}),
        ({False: 1}, {"false": 1}),
        ([2.0, -2.5, True, None], [2, -2.5, True, None]),
        (2**63 - 1, 2**63 - 1),
        (2**63, 2.0**63),
        (1e21, 1e21),
        (b"hi", "hi"),
        ({"\ud800": "a\udfff é"}, {"\ufffd": "a\ufffd é"}),
    ],
)
def test_as_json(value: Any, result: Any) -> None:
    made = as_json(value)
    assert made == result
    assert repr(made) == repr(result)


@pytest.mark.parametrize("number", [float("inf"), float("nan"), 10**400])
def test_what_json_cannot_say(number: float) -> None:
    with pytest.raises(InvalidYaml, match=r"^a\[0\]: (inf|nan) is no number that JSON has$"):
        as_json({"a": [number]})


def test_what_is_no_key() -> None:
    with pytest.raises(InvalidYaml, match=r"^a: a key may not be null$"):
        as_json({"a": {None: 1}})
