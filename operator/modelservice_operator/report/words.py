"""Times as a person reads them."""

from itertools import pairwise

from modelservice_operator.diagnose.moments import between


def age(since: str, now: str) -> str:
    """How long ago a point in time is, as kubectl writes it: 45s, 12m, 3h5m, 4d2h; empty where unknown."""
    passed = between(since, now)
    if passed is None:
        return ""
    return duration(int(passed.total_seconds()))


def duration(seconds: int) -> str:
    """Seconds, with the two largest units that matter."""
    seconds = max(0, seconds)
    units = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
    for (name, size), (below, smaller) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size}{name}{f'{rest}{below}' if rest else ''}"
    return f"{seconds}s"
