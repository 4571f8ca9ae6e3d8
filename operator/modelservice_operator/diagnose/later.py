"""When what is said of a pod changes because time passes, without any news. Pure."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from modelservice_operator.diagnose.departure import time_left
from modelservice_operator.diagnose.failure import failure, probation
from modelservice_operator.diagnose.moments import between
from modelservice_operator.diagnose.scheduling import PATIENCE, is_unattended
from modelservice_operator.records.pod import Pod

_ROUNDING = timedelta(seconds=1)
"""Times in objects are whole seconds."""


def changes_in(pods: Iterable[Pod], now: str) -> float | None:
    """Seconds until another answer of `explain` is due; None if only news can bring one. `now` is RFC 3339."""
    left = (time for pod in pods for time in _deadlines(pod, now))
    return min(((time + _ROUNDING).total_seconds() for time in left if time > timedelta(0)), default=None)


def _deadlines(pod: Pod, now: str) -> Iterator[timedelta]:
    if pod.deleting:
        yield time_left(pod, now)
        return
    if is_unattended(pod) and (passed := between(pod.created_at, now)) is not None:
        yield PATIENCE - passed
    for container in pod.containers:
        if not container.ready or failure(pod, container, now) is None:
            continue
        if (runs := between(container.running_since, now)) is not None:
            yield probation(pod, container) - runs
