"""Pods on their way out: what they hold is free in a moment, so whoever waits for it has no problem yet. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from modelservice_operator.diagnose.moments import between
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.records.pod import Pod

MENDED_BY_DEPARTURE: Final = frozenset(
    {Reason.INSUFFICIENT_ACCELERATORS, Reason.INSUFFICIENT_RESOURCES, Reason.TOO_MANY_PODS}
)
"""What a pod that leaves may mend."""


def time_left(pod: Pod, now: str) -> timedelta:
    """How much of its time to end a deleted pod has left on its node; none if it has no node, or takes longer."""
    left = between(now, pod.gone_by) if pod.controlled and pod.node else None
    return max(left or timedelta(0), timedelta(0))


def leaving(pods: Iterable[Pod], now: str) -> int:
    """How many pods of the service are about to give back what they hold. `now` is RFC 3339."""
    return sum(time_left(pod, now) > timedelta(0) for pod in pods)
