"""What the operator remembers of a container of a pod: what was asked for, merged with what the kubelet reports."""

from dataclasses import dataclass
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.devices import Devices
from modelservice_operator.records.fields import items, number, section, text, word

_MESSAGE_TAIL: Final = 4096
"""Characters that are kept of a termination message, which is as many bytes as the kubelet keeps of one."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a container ended."""

    exit_code: int
    reason: str
    """`Completed`, `Error`, `OOMKilled`, `StartError`, ..."""
    message: str
    """The end of its termination message."""
    finished_at: str
    """RFC 3339, as the next one."""
    started_at: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a container does not run yet, or not again."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Container:
    """One container."""

    name: str
    init: bool
    """Must finish before the others start; a sidecar, which keeps running, is no init container here."""
    probed: bool
    """A startup or readiness probe stands behind `ready`; without one `ready` says no more than that it runs."""
    image: str
    memory_limit: str
    """A quantity; empty without a limit."""
    ready: bool
    restart_count: int
    waiting: Waiting | None
    running_since: str
    """RFC 3339; empty while it does not run."""
    terminated: Exit | None
    last_terminated: Exit | None
    started: bool = False
    """Its startup probe succeeded, or it runs and has none."""
    startup_budget: int = 0
    """Seconds until the kubelet gives up on its startup probe; 0 without one."""
    unhealthy_devices: Devices = ()
    """Those of its devices that do not work, by the node's device plugin."""


def containers_of(manifest: Manifest) -> tuple[Container, ...]:
    """The containers of a pod in the order in which they start: init containers first."""
    spec = section(manifest, "spec")
    status = section(manifest, "status")
    return (
        *_merge(items(spec, "initContainers"), items(status, "initContainerStatuses"), init=True),
        *_merge(items(spec, "containers"), items(status, "containerStatuses"), init=False),
    )


def _merge(containers: list[Manifest], statuses: list[Manifest], *, init: bool) -> list[Container]:
    by_name = {text(status, "name"): status for status in statuses}
    return [_container(asked, by_name.get(text(asked, "name"), {}), init=init) for asked in containers]


def _container(asked: Manifest, status: Manifest, *, init: bool) -> Container:
    state = section(status, "state")
    return Container(
        name=word(asked, "name"),
        init=init and asked.get("restartPolicy") != "Always",
        probed="readinessProbe" in asked or "startupProbe" in asked,
        image=word(asked, "image"),
        memory_limit=word(section(section(asked, "resources"), "limits"), "memory"),
        ready=status.get("ready") is True,
        restart_count=number(status, "restartCount"),
        waiting=_waiting(state),
        running_since=text(section(state, "running"), "startedAt"),
        terminated=_exit(state),
        last_terminated=_exit(section(status, "lastState")),
        started=status.get("started") is True,
        startup_budget=_budget(section(asked, "startupProbe")),
        unhealthy_devices=_unhealthy(status),
    )


def _budget(probe: Manifest) -> int:
    """Defaults are those of Kubernetes: three failures, ten seconds apart."""
    if not probe:
        return 0
    failures, period = number(probe, "failureThreshold") or 3, number(probe, "periodSeconds") or 10
    return number(probe, "initialDelaySeconds") + failures * period


def _unhealthy(status: Manifest) -> Devices:
    counts = (
        (word(allocated, "name"), sum(device.get("health") == "Unhealthy" for device in items(allocated, "resources")))
        for allocated in items(status, "allocatedResourcesStatus")
    )
    return tuple((name, count) for name, count in counts if count)


def _waiting(state: Manifest) -> Waiting | None:
    waiting = section(state, "waiting")
    return Waiting(word(waiting, "reason"), text(waiting, "message")) if waiting else None


def _exit(state: Manifest) -> Exit | None:
    terminated = section(state, "terminated")
    if not terminated:
        return None
    return Exit(
        exit_code=number(terminated, "exitCode"),
        reason=word(terminated, "reason"),
        message=text(terminated, "message")[-_MESSAGE_TAIL:],
        finished_at=text(terminated, "finishedAt"),
        started_at=text(terminated, "startedAt"),
    )
