"""Whether a container that ended has to be blamed for it now. No crash is forgotten between two restarts."""

from datetime import timedelta
from typing import Final

from modelservice_operator.diagnose.moments import between
from modelservice_operator.records.container import Container, Exit
from modelservice_operator.records.pod import Pod

RECOVERY: Final = timedelta(minutes=10)
"""A container that runs for so long is over its crashes: the kubelet then forgets its back-off, twice the maximum of
5 minutes. Used only where no probe tells that the container works."""

_FIRST_BACK_OFF: Final = timedelta(seconds=10)
"""Of the kubelet; it doubles from one restart to the next."""

_OFTEN: Final = 3
"""Restarts after which a container without a probe is no longer vouched for by its neighbours."""

_SETTLING: Final = timedelta(seconds=30)
"""The condition Ready of a pod may lag behind the restart of a container by so much: a few syncs of the kubelet."""

_UNOBSERVED: Final = frozenset({"Unknown", "ContainerStatusUnknown"})
"""The kubelet or the container runtime restarted and lost track: this says nothing about the process."""


def failure(pod: Pod, container: Container, now: str) -> Exit | None:
    """How the container last ended, unless it finished its work or has recovered since.

    A crashing container is by turns terminated, waiting and running; the answer is the same in all three.
    """
    end = container.terminated or container.last_terminated
    if end is None or end.reason in _UNOBSERVED:
        return None
    if container.init and end.exit_code == 0:
        return None
    if container.running_since and _recovered(pod, container, now):
        return None
    return end


def has_failed(pod: Pod, now: str) -> bool:
    """One of its containers has, and has not recovered since."""
    return any(failure(pod, container, now) for container in pod.containers)


def failing_since(pod: Pod) -> str:
    """Since when a container of the pod has been failing, as far as the pod tells."""
    return pod.created_at if pod.ready else pod.ready_since or pod.created_at


def _recovered(pod: Pod, container: Container, now: str) -> bool:
    if container.init:
        return False
    if container.ready:
        return not _shorter(between(container.running_since, now), probation(pod, container))
    # It was ready in this run, and is not any more: whatever is wrong now, it is not the old crash.
    return not _shorter(between(container.running_since, pod.ready_since), _SETTLING)


def probation(pod: Pod, container: Container) -> timedelta:
    """How long a container that crashed must have been ready to count as recovered.

    No time at all where a probe tells that it works, unless it crashes time and again, as one that its liveness probe
    kills whenever it is ready: it must then run for twice as long as before. Without a probe it is ready for a moment
    at every restart: it must also run for longer than the kubelet waits between restarts by then.
    """
    end = container.last_terminated
    lasted = (between(end.started_at, end.finished_at) if end is not None else None) or timedelta(0)
    if container.probed and container.restart_count >= _OFTEN:
        return min(RECOVERY / 2, 2 * lasted) if lasted < RECOVERY else timedelta(0)
    if _proved(pod, container):
        return timedelta(0)
    back_off = _FIRST_BACK_OFF * (1 << min(container.restart_count, 10))
    return min(RECOVERY, max(back_off, 2 * lasted))


def _proved(pod: Pod, container: Container) -> bool:
    """A probe stands behind the readiness of the container, or at least behind that of its pod."""
    return container.probed or (
        container.restart_count < _OFTEN and pod.ready and any(c.probed for c in pod.containers)
    )


def _shorter(time: timedelta | None, limit: timedelta) -> bool:
    """Where a time is unknown, nothing is claimed: an old crash is then as good as recovered from."""
    return time is not None and time < limit
