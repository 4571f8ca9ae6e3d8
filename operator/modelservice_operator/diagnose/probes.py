"""What the probes of a container got: only events, and what the server printed, say so."""

import re
from datetime import timedelta
from typing import Final

from modelservice_operator.diagnose.failure import failing_since, failure
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.moments import between
from modelservice_operator.diagnose.process import logs_command
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.container import Container, Exit
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent

# Kubernetes 1.36, pkg/kubelet/prober/prober.go.
_FAILED: Final = re.compile(
    r"^(?P<probe>Startup|Liveness|Readiness) probe (?:failed|errored)[^:]*: (?P<answer>.*)", re.DOTALL
)
# Kubernetes 1.36, pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions.
_KILLED: Final = re.compile(r"failed (?P<probe>startup|liveness) probe, will be restarted")
_ADDRESS: Final = re.compile(r"\b(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):(?P<port>\d{1,5})\b")
_REFUSED: Final = re.compile(r"connection refused")
_LISTENING: Final = re.compile(
    r"(?:running on|listening (?:on|at)|server (?:is )?listening|serving (?:on|at)|started (?:HTTP\w* ?service|at))"
    r"[^\n]*?:(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# Kubernetes 1.36, pkg/probe/http/http.go.
_STATUS: Final = re.compile(r"HTTP probe failed with statuscode: (?P<code>\d+)")
_URL: Final = re.compile(r'^(?:Get|Post) "[^"]*": ')
_SKEW: Final = timedelta(minutes=1)
_TO_STOP: Final = timedelta(minutes=10)
"""A container ends within its grace period after the event; its next end may have another cause."""

_ENDED_FROM_OUTSIDE: Final = frozenset({0, 137, 143})
"""SIGTERM, obeyed or not, and SIGKILL."""
_SLACK: Final = 0.05
_GRACE: Final = timedelta(minutes=2)
"""A probe begins up to a period late, and the server has its grace period to stop."""

_ENOUGH: Final = 3
"""Failed readiness probes in a row after which Kubernetes calls a pod unready (the default of failureThreshold); fewer
are normal while a server takes up its work."""


def port_mismatch(pod: Pod, now: str) -> Finding | None:
    """The server listened on another port than the one that the probes, by which it was killed, asked for."""
    for container in pod.containers:
        end = failure(pod, container, now)
        asked = next(
            (
                match["port"]
                for event in pod.events
                if _FAILED.match(event.message) and _REFUSED.search(event.message)
                if (match := _ADDRESS.search(event.message))
            ),
            None,
        )
        if end is None or asked is None:
            continue
        ports = {match["port"] for match in _LISTENING.finditer(f"{pod.output}\n{end.message}")}
        if ports and asked not in ports:
            port = min(ports, key=int)
            return Finding(
                Reason.PORT_MISMATCH,
                cause=(container.name, asked, port),
                happened="never got ready",
                detail=f"container {container.name} listens on port {port}, and the probes ask port {asked}",
                remedy=f"Let the server listen on port {asked}: take the port out of spec.runtime.args, or set "
                f"spec.runtime.port to {port} where the runtime is custom.",
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def startup_too_slow(pod: Pod, now: str) -> Finding | None:
    """The kubelet restarted a container because its startup probe had not succeeded within its budget.

    The event that says so is often dropped (client-go lets a pod have one in five minutes after the first 25), but how
    long the run took tells it too.
    """
    return _killed(
        pod,
        now,
        "startup",
        Reason.STARTUP_TOO_SLOW,
        "was not up within its start-up budget",
        "Set spec.model.size, or raise it, which gives it more time; if it hangs, read its output",
    )


def liveness_failed(pod: Pod, now: str) -> Finding | None:
    """The kubelet restarted a container because its liveness probe failed."""
    return _killed(
        pod,
        now,
        "liveness",
        Reason.LIVENESS_PROBE_FAILED,
        "was killed by its liveness probe",
        "See why it stopped answering, such as too much load or a hanging device, in its output",
    )


def not_ready(pod: Pod) -> Finding | None:
    """A server that has started does not answer its readiness probe, again and again."""
    if pod.ready or pod.phase != "Running":
        return None
    for container in pod.containers:
        if container.ready or not container.started or not container.running_since:
            continue
        told = [
            event
            for event in sorted(pod.events, key=lambda event: event.last_seen)
            if event.reason == "Unhealthy" and event.container in ("", container.name)
        ]
        failed = [event for event in told if event.message.startswith("Readiness probe") and _is_of(event, container)]
        if failed and sum(event.count for event in failed) >= _ENOUGH:
            return Finding(
                Reason.NOT_READY,
                cause=(container.name,),
                happened="failed the readiness check",
                detail=f"the readiness probe of container {container.name} {_answer(failed[-1].message)}",
                remedy=f"See what the server waits for in its output: {logs_command(pod, container)}",
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def _is_of(event: PodEvent, container: Container) -> bool:
    """The event was seen in the present run of the container, as far as times tell."""
    passed = between(container.running_since, event.last_seen)
    return passed is None or passed >= timedelta(0)


def _killed(pod: Pod, now: str, probe: str, reason: Reason, what: str, remedy: str) -> Finding | None:
    for container in pod.containers:
        end = failure(pod, container, now)
        if end is None or not (_was_killed(pod, container, end, probe) or _outran(container, end, probe)):
            continue
        failed = [event for event in pod.events if event.message.startswith(f"{probe.capitalize()} probe")]
        last = max(failed, key=lambda event: event.last_seen, default=None)
        got = f"; the probe {_answer(last.message)}" if last is not None else ""
        return Finding(
            reason,
            cause=(container.name,),
            happened="restarted",
            detail=f"container {container.name} {what}{got}",
            remedy=f"{remedy}: {logs_command(pod, container)} --previous",
            since=failing_since(pod),
            pod=pod.name,
        )
    return None


def _was_killed(pod: Pod, container: Container, end: Exit, probe: str) -> bool:
    """An event says that the probe is why the kubelet ended the container, and is about this end of it."""
    for event in pod.events:
        match = _KILLED.search(event.message)
        mine = event.container == container.name or f"Container {container.name} " in event.message
        if match is None or match["probe"] != probe or not mine:
            continue
        passed = between(event.last_seen, end.finished_at)
        if passed is None or -_SKEW <= passed <= _TO_STOP:
            return True
    return False


def _outran(container: Container, end: Exit, probe: str) -> bool:
    """The run was ended from outside just when the budget of its startup probe was used up."""
    lasted = between(end.started_at, end.finished_at)
    budget = timedelta(seconds=container.startup_budget)
    if probe != "startup" or not budget or lasted is None or end.exit_code not in _ENDED_FROM_OUTSIDE:
        return False
    return budget * (1 - _SLACK) <= lasted <= budget * (1 + _SLACK) + _GRACE


def _answer(message: str) -> str:
    """What a probe got, as "gets HTTP 503" or "fails: connection refused"."""
    match = _FAILED.match(message)
    answer = match["answer"] if match else message
    if status := _STATUS.search(answer):
        return f"gets HTTP {status['code']}"
    port = _ADDRESS.search(answer)
    if _REFUSED.search(answer):
        return f"finds nobody listening on port {port['port']}" if port else "finds nobody listening"
    return f"fails: {quotable(_URL.sub('', answer))}"
