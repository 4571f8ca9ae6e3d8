"""Pods that have ended and still lie around: which of them explain why replicas are missing now."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from modelservice_operator.diagnose.moments import between, moment
from modelservice_operator.diagnose.node import PREEMPTED, TAINTED
from modelservice_operator.records.pod import Pod

_REPLACED_WITHIN: Final = timedelta(seconds=60)
"""A ReplicaSet replaces a pod that has ended at once; this leaves room for a busy control plane."""


def is_remains(pod: Pod) -> bool:
    """The pod has ended for good, though a server does not end, or was deleted by the control plane.

    That is because its node is lost (it then hangs until the node is back), or for a pod of higher priority.
    """
    if pod.deleting:
        return pod.disruption is not None and pod.disruption.reason in (TAINTED, PREEMPTED)
    return pod.phase in {"Failed", "Succeeded"}


def telling(remains: Iterable[Pod], live: Iterable[Pod]) -> list[Pod]:
    """Those of the remains whose replacement does not serve yet.

    Kubernetes keeps failed pods for a long time (the garbage collector starts at 12,500). Such a pod must neither be
    blamed for what goes wrong a week later, nor be passed over while its replacement starts: a pod that is evicted
    again and again would else look healthy most of the time. So it counts while a pod that was created right after it
    ended is not ready, or while none has been created since.
    """
    replacements = [(pod.created_at, pod.ready) for pod in live]
    return [pod for pod in remains if _counts(_ended_at(pod), replacements)]


def _counts(ended_at: str, replacements: list[tuple[str, bool]]) -> bool:
    ages = [(between(ended_at, created_at), ready) for created_at, ready in replacements]
    if any(age is not None and abs(age) <= _REPLACED_WITHIN and not ready for age, ready in ages):
        return True
    return all(age is not None and age < timedelta(0) for age, _ in ages)


def _ended_at(pod: Pod) -> str:
    """When the pod ended, as far as it tells: a pod that was turned away ended when it was created."""
    times = [pod.created_at, pod.ready_since, pod.disruption.since if pod.disruption is not None else ""]
    times += [container.terminated.finished_at for container in pod.containers if container.terminated is not None]
    return max((time for time in times if moment(time) is not None), key=lambda time: str(moment(time)), default="")
