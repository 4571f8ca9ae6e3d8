"""The start of a pod as bars, one phase below the other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from modelservice_operator.diagnose.moments import between, duration
from modelservice_operator.timeline import Span

COLUMNS: Final = 30
"""Of the longest start."""
_FULL: Final = "█"


def bars(spans: Sequence[Span], median: Mapping[str, int], now: str) -> Iterator[str]:
    """A line for each phase: its name, when it was relative to the others, and how long it took.

    Args:
        spans: the phases in order, as of `timeline`.
        median: how many seconds each phase usually takes; phases of which that is unknown are absent.
        now: RFC 3339; where a phase ends that is under way.
    """
    if not spans:
        return
    ends = [span.end or now for span in spans]
    whole = max(1, max(_seconds(spans[0].start, end) for end in ends))
    for span, end in zip(spans, ends, strict=True):
        before, lasted = _seconds(spans[0].start, span.start), _seconds(span.start, end)
        first = min(COLUMNS - 1, before * COLUMNS // whole)
        length = max(1, min(COLUMNS - first, round(lasted * COLUMNS / whole)))
        bar = (" " * first + _FULL * length).ljust(COLUMNS)
        usual = median.get(f"{span.phase}Seconds")
        remark = "" if span.end else f" so far{f', usually {duration(usual)}' if usual is not None else ''}"
        yield f"{span.phase:<10}  {bar}  {duration(lasted)}{remark}"


def _seconds(start: str, end: str) -> int:
    passed = between(start, end)
    return max(0, int(passed.total_seconds())) if passed is not None else 0
