"""The part of a long output that is worth keeping."""

from bisect import bisect_left
from typing import Final

from modelservice_operator.diagnose.masking import masked
from modelservice_operator.diagnose.texts.recognise import meaning_of

KEPT: Final = 4096
"""Characters, as many as are kept of a termination message."""


def excerpt(output: str) -> str:
    """At most `KEPT` characters in whole lines, without secrets: from what the output means on, or else the last ones.

    What went wrong often stands far above the end: vLLM's server prints a traceback of its own after that of the
    engine, which holds the cause.
    """
    lines = [line[:KEPT] for line in output.splitlines(keepends=True)]
    last = _last_fitting(lines)
    meaning = meaning_of(output) if last else None
    if meaning is not None and meaning_of("".join(lines[last:])) != meaning:
        # Of the ends of the output the shortest that means the same: it begins with the line that says so.
        missing = bisect_left(range(last), True, key=lambda n: meaning_of("".join(lines[n + 1 :])) != meaning)
        lines = lines[missing:]
        last = 0
    return masked("".join(lines[last:])[:KEPT])


def _last_fitting(lines: list[str]) -> int:
    """Index of the line from which on all fit."""
    room = KEPT
    for index in range(len(lines) - 1, -1, -1):
        room -= len(lines[index])
        if room < 0:
            return index + 1
    return 0
