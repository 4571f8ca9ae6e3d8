"""Findings about pods that no node takes."""

from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.records.pod import Pod


def unplaced(pod: Pod, reason: Reason, *, cause: str, detail: str, remedy: str, need: str = "") -> Finding:
    """A finding about a pod that the scheduler has found no node for."""
    condition = pod.unscheduled
    return Finding(
        reason,
        cause=(cause,),
        happened="cannot be scheduled",
        need=need,
        detail=detail,
        remedy=remedy,
        since=(condition.since if condition is not None else "") or pod.created_at,
        pod=pod.name,
    )
