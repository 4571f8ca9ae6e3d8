"""The benchmarks at a small size: what is counted must be within the budgets. What takes time is not looked at."""

from typing import Final

import pytest

from perf import broken, growth
from perf.rows import ROWS, Figure

FEW: Final = 30


def measured(figures: list[Figure]) -> dict[str, float]:
    return {figure.row: figure.value for figure in figures}


def limit(key: str) -> float:
    found = next(row.limit for row in ROWS if row.key == key)
    assert found is not None
    return found


def test_requests_of_new_ones_and_silence_at_rest_and_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "SAMPLES", 3)
    monkeypatch.setattr(growth, "EVENTS", FEW)
    monkeypatch.setattr(growth, "SCALED", 3)
    found = measured(list(growth.measure(FEW, rest_seconds=10)))
    for key in ("rest.writes", "restart.writes", "new.writes", "new.statuses", "new.reads", "new.scaled"):
        assert found[key] <= limit(key), key
    assert found["restart.reads"] < 3 * FEW, "a few lists and watches, whatever there is"


def test_silence_about_pods_that_do_not_come_up() -> None:
    found = measured(list(broken.measure(0, count=10, seconds=15)))
    for key in ("unschedulable.writes", "crashing.writes"):
        assert found[key] <= limit(key), key
