"""A golden that changes is told of in docs/rendering.md."""

from datetime import UTC, date, datetime

import pytest

from golden.rendering import GONE, ONLY_NEW, PAGE, UNWRITTEN, rendered, told, untold, with_entry

A_DAY = date(2026, 12, 1)
ENTRIES = "# Page\n\nWords.\n\n## 2026-11-28\n\nFirst.\n\n```\n1 one\n2 two\n```\n"


def test_every_change_of_a_golden_has_an_entry(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text("utf-8")
    if request.config.getoption("--update-goldens", default=False):
        page = with_entry(page, rendered(), datetime.now(UTC).date())
        PAGE.write_text(page, "utf-8")
    missing = ", ".join(untold(page, rendered()))
    assert not missing, f"docs/rendering.md has no entry for {missing}: `make goldens` begins one (CONTRIBUTING.md)"
    assert UNWRITTEN not in page, "docs/rendering.md: the last entry has no words yet (CONTRIBUTING.md)"


def test_the_last_word_counts() -> None:
    assert told(ENTRIES) == {"one": "1", "two": "2"}
    assert told(f"{ENTRIES}\n## 2026-12-01\n\nX.\n\n```\n3 two\n{GONE} one\n```\n") == {"two": "3"}


def test_a_changed_case_wants_words() -> None:
    page = with_entry(ENTRIES, {"one": "1", "two": "3", "three": "3"}, A_DAY)
    assert page == f"{ENTRIES}\n## 2026-12-01\n\n{UNWRITTEN}\n\n```\n3 three\n3 two\n```\n"
    assert told(page) == {"one": "1", "two": "3", "three": "3"}


def test_an_entry_without_words_goes_on() -> None:
    page = with_entry(ENTRIES, {"one": "1", "two": "3"}, A_DAY)
    assert with_entry(page, {"one": "4", "two": "3"}, A_DAY).count("## 2026-12-01") == 1
    assert with_entry(page, {"one": "1", "two": "2"}, A_DAY) == ENTRIES, "it was taken back"


def test_a_written_entry_stays() -> None:
    page = with_entry(ENTRIES, {"one": "1", "two": "3"}, A_DAY).replace(UNWRITTEN, "Why.")
    longer = with_entry(page, {"one": "1"}, A_DAY)
    assert longer.startswith(page)
    assert f"{GONE} two" in longer.removeprefix(page)


def test_new_cases_need_no_words() -> None:
    page = with_entry(ENTRIES, {"one": "1", "two": "2", "new": "5"}, A_DAY)
    assert ONLY_NEW in page
    assert UNWRITTEN not in page


def test_nothing_is_added_without_a_change() -> None:
    assert with_entry(ENTRIES, {"one": "1", "two": "2"}, A_DAY) == ENTRIES
