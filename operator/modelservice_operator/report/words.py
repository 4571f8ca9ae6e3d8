"""Ages as a person reads them."""

from modelservice_operator.diagnose.moments import between, duration


def age(since: str, now: str) -> str:
    """How long ago a point in time is, as kubectl writes it: 45s, 12m, 3h5m, 4d2h; empty where unknown."""
    passed = between(since, now)
    if passed is None:
        return ""
    return duration(int(passed.total_seconds()))
