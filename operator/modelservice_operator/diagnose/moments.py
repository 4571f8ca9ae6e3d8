"""Points in time as Kubernetes writes them, and the time between them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise


def moment(text: str) -> datetime | None:
    """The point in time that an RFC 3339 text names, in UTC; None where it names none."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def between(earlier: str, later: str) -> timedelta | None:
    """How long it is from one point in time to another, negative when they are the other way round; None if unknown."""
    start, end = moment(earlier), moment(later)
    return end - start if start is not None and end is not None else None


def duration(seconds: int) -> str:
    """Seconds, with the two largest units that matter."""
    seconds = max(0, seconds)
    units = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
    for (name, size), (below, smaller) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size}{name}{f'{rest}{below}' if rest else ''}"
    return f"{seconds}s"
