from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.quantity import InvalidQuantity, canonical_quantity, parse_quantity
from unit.api.tables import QUANTITIES


@pytest.mark.parametrize(("text", "number", "_canonical"), QUANTITIES)
def test_a_quantity_is_the_number(text: str, number: str, _canonical: str) -> None:
    assert parse_quantity(text) == Decimal(number)


@pytest.mark.parametrize(("text", "_number", "canonical"), QUANTITIES)
def test_the_canonical_form_is_that_of_the_api_server(text: str, _number: str, canonical: str) -> None:
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("+1", "1"),
        ("5.", "5"),
        ("1E3", "1e3"),
        ("-0", "0"),
        ("-1500m", "-1500m"),
        ("-1024Mi", "-1Gi"),
        ("-12Ei", "-9223372036854775807"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("-0.1n", "-1n"),
        ("1.0000000001", "1000000001n"),
    ],
)
def test_the_canonical_form_is_one_for_each_number(text: str, canonical: str) -> None:
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 Gi", "1\n", ".", "Gi", "1.2.3", "--1", "16GB", "16gi", "1ki", "1e", "1e+", "1e999", "1e999999999"],
)
def test_what_is_no_quantity_is_refused_with_an_example(text: str) -> None:
    refuses(text)


@pytest.mark.parametrize("text", ["1_000", "0x10", "NaN", "Infinity", "\N{ARABIC-INDIC DIGIT ONE}", "1" * 65])
def test_what_only_python_takes_for_a_number_is_refused(text: str) -> None:
    refuses(text)


def refuses(text: str) -> None:
    for read in (parse_quantity, canonical_quantity):
        with pytest.raises(InvalidQuantity, match="is not a quantity: write a number and a unit, such as 16Gi"):
            read(text)


@given(
    st.decimals(-(10**12), 10**12, places=6),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E-3"]),
)
def test_the_canonical_form_is_stable_and_less_than_a_nano_away(number: Decimal, suffix: str) -> None:
    text = f"{number}{suffix}"
    canonical = canonical_quantity(text)
    assert canonical_quantity(canonical) == canonical
    assert 0 <= abs(parse_quantity(canonical)) - abs(parse_quantity(text)) < Decimal("1e-9")
