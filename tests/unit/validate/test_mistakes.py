import pytest

from modelservice_operator.validate.mistakes import (
    OMITTED,
    duplicate,
    forbidden,
    invalid,
    printed,
    required,
    too_long,
    too_many,
    unsupported,
    wrong_type,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (-3, "-3"),
        (0.5, "0.5"),
        (123456.5, "123456.5"),
        (1234567.5, "1.2345675e+06"),
        (1e21, "1e+21"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        ("a é", '"a é"'),
        ('"\\\n\t', r'"\"\\\n\t"'),
        ("\x00\x7f\u200b\U000e0001", r'"\x00\x7f\u200b\U000e0001"'),
        ({"b": [1, None], "a": "<"}, '{"a":"\\u003c","b":[1,null]}'),
    ],
)
def test_values_are_printed_as_go_prints_them(value: object, text: str) -> None:
    assert printed(value) == text


def test_messages() -> None:
    assert invalid("f", "x", "must be y").message == 'Invalid value: "x": must be y'
    assert invalid("f", OMITTED, "must be y").message == "Invalid value: must be y"
    assert wrong_type("f", "", "d").message == 'Invalid value: "": d'
    assert required("f").message == "Required value"
    assert required("f", "must be set").message == "Required value: must be set"
    assert forbidden("f", "may not be set").message == "Forbidden: may not be set"
    assert duplicate("f", {"name": "A"}).message == 'Duplicate value: {"name":"A"}'
    assert duplicate("f", OMITTED).message == "Duplicate value"
    assert unsupported("f", 3, ["a", 1]).message == 'Unsupported value: 3: supported values: "a", "1"'
    assert too_long("f", 1).message == "Too long: may not be more than 1 byte"
    assert too_many("f", 3, 2).message == "Too many: 3: must have at most 2 items"


def test_only_some_mistakes_keep_the_rules_from_being_checked() -> None:
    blocking = [wrong_type("f", 1, ""), required("f"), unsupported("f", 1, [2]), too_long("f", 1), too_many("f", 2, 1)]
    assert all(mistake.blocks for mistake in blocking)
    assert not any(mistake.blocks for mistake in [invalid("f", 1, ""), forbidden("f", ""), duplicate("f", 1)])
