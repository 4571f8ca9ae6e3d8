"""Freed memory goes back to the system."""

import sys
from pathlib import Path

from modelservice_operator.memory import give_back

PIECES = 50_000
SIZE = 2_000
"""Bytes: more than what Python manages itself, less than what the C library maps by itself."""


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 if sys.platform == "linux" else 0


def test_holes_between_what_lives_on_are_given_back() -> None:
    pieces = [bytes(SIZE) for _ in range(PIECES)]
    kept = pieces[::100]
    full = resident()
    del pieces
    give_back()
    if sys.platform == "linux":
        assert full - resident() > PIECES * SIZE / 2
    assert len(kept) == PIECES / 100
