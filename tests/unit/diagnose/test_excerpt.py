"""What is kept of a long output."""

from typing import Final

import pytest

from modelservice_operator.diagnose.excerpt import KEPT, excerpt
from modelservice_operator.diagnose.texts.recognise import recognise

LINE: Final = '(APIServer pid=1)   File "/usr/lib/python3/asyncio/runners.py", line 195, in run\n'
CAUSE: Final = "OSError: [Errno 28] No space left on device\n"
ACCESS: Final = "hf_abcdefghijklmnopqrstuvwx"


def test_a_short_output_is_kept_whole() -> None:
    assert excerpt("a\nb\n") == "a\nb\n"
    assert excerpt("") == ""


def test_the_last_whole_lines_are_kept_where_nothing_is_recognised() -> None:
    kept = excerpt(LINE * 500 + "the end\n")
    assert kept == LINE * ((KEPT - 8) // len(LINE)) + "the end\n"


@pytest.mark.parametrize(("above", "below"), [(0, 500), (500, 100), (48, 49), (500, 0)])
def test_a_cause_far_above_the_end_is_kept(above: int, below: int) -> None:
    kept = excerpt(LINE * above + CAUSE + LINE * below)
    assert recognise(kept) == recognise(CAUSE) is not None
    assert len(kept) <= KEPT


def test_the_cause_is_kept_and_not_its_consequence() -> None:
    """Rows put a cause before its consequence, wherever the two stand."""
    consequence = "OSError: [Errno 98] Address already in use\n"
    kept = excerpt(CAUSE + LINE * 100 + consequence + LINE * 3)
    assert recognise(kept) == recognise(CAUSE)


@pytest.mark.parametrize("output", ["x" * 3 * KEPT, f"{'x' * 3 * KEPT}\nend", "\n" * 3 * KEPT])
def test_lines_of_any_length_are_cut(output: str) -> None:
    assert len(excerpt(output)) <= KEPT


def test_secrets_are_masked_also_where_the_excerpt_is_cut() -> None:
    for place in range(KEPT - len(ACCESS) - 2, KEPT + 2):
        for text in (
            f"with {ACCESS} ".rjust(place),
            f"with {ACCESS}\n" + "x" * place,
            f"{'x ' * (place // 2)}{ACCESS}",
        ):
            assert ACCESS[:12] not in excerpt(text)
            assert ACCESS[-8:] not in excerpt(text)
