"""What only events tell of a container that runs, or ran: what its probes got."""

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod_event import PodEvent
from unit.diagnose.builders import at, condition, ended, event, pod, problems

UVICORN = "INFO:     Uvicorn running on http://0.0.0.0:9000 (Press CTRL+C to quit)\nINFO:     Shutting down\n"
REFUSED = (
    'Startup probe failed: Get "http://10.244.0.5:8000/health": dial tcp 10.244.0.5:8000: connect: connection refused'
)
TIMEOUT = (
    'Liveness probe failed: Get "http://10.244.0.5:8000/health": context deadline exceeded (Client.Timeout exceeded '
    "while awaiting headers)"
)
KILLED_LATE = event("Killing", "Container server failed startup probe, will be restarted", container="server")
KILLED = event("Killing", "Container server failed liveness probe, will be restarted", container="server", seen=at(50))
LOGS = "kubectl logs -n ml chat-7d9c-a -c server"


def killed(*events: PodEvent, message: str = "", second: int = 60, output: str = "") -> tuple[str, str, str]:
    """What is told of a server that got SIGKILL."""
    status = {"name": "server", "state": ended(137, message=message, at_second=second), "restartCount": 1}
    dead = pod(
        statuses=[status],
        conditions=[condition("Ready", "False")],
        phase="Running",
        node="gpu-1",
        events=events,
        output=output,
    )
    (problem,) = problems(dead)
    return problem.reason, problem.message, problem.remedy


def test_a_start_that_takes_too_long() -> None:
    assert killed(KILLED_LATE, event("Unhealthy", REFUSED, container="server")) == (
        "StartupTooSlow",
        "1 of 1 pod restarted: container server was not up within its start-up budget; the probe finds nobody "
        "listening on port 8000.",
        f"Set spec.model.size, or raise it, which gives it more time; if it hangs, read its output: {LOGS} --previous",
    )


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        ("Liveness probe failed: HTTP probe failed with statuscode: 503", "gets HTTP 503"),
        (
            TIMEOUT,
            "fails: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        ),
        ("Liveness probe errored: rpc error: deadline", "fails: rpc error: deadline"),
    ],
)
def test_a_server_that_stops_answering(answer: str, got: str) -> None:
    assert killed(KILLED, event("Unhealthy", answer, container="server")) == (
        "LivenessProbeFailed",
        f"1 of 1 pod restarted: container server was killed by its liveness probe; the probe {got}.",
        f"See why it stopped answering, such as too much load or a hanging device, in its output: {LOGS} --previous",
    )


BUDGET = {"startupProbe": {"periodSeconds": 10, "failureThreshold": 360}}


@pytest.mark.parametrize(
    ("lasted", "code", "reason"),
    [
        (3600, 137, "StartupTooSlow"),
        (3680, 143, "StartupTooSlow"),
        (3600, 1, "CrashLooping"),
        (60, 137, "CrashLooping"),
        (9000, 137, "CrashLooping"),
    ],
)
def test_a_start_that_takes_too_long_shows_without_an_event(lasted: int, code: int, reason: str) -> None:
    end = ended(code, at_second=lasted)
    end["terminated"]["startedAt"] = at(0)
    status = {"name": "server", "state": end, "restartCount": 1}
    slow = pod(container=BUDGET, statuses=[status], conditions=[condition("Ready", "False")], phase="Running")
    assert [problem.reason for problem in problems(slow)] == [reason]


def test_a_later_end_has_a_cause_of_its_own() -> None:
    assert killed(KILLED, second=60)[0] == "LivenessProbeFailed"
    assert killed(KILLED, second=3600)[0] == "CrashLooping"


def test_the_probe_of_another_container_is_none_of_this_one() -> None:
    other = event("Killing", "Container proxy failed liveness probe, will be restarted", container="proxy", seen=at(50))
    assert killed(other)[0] == "CrashLooping"


@pytest.mark.parametrize("where", ["message", "output"])
def test_a_server_on_another_port(where: str) -> None:
    assert killed(KILLED_LATE, event("Unhealthy", REFUSED), **{where: UVICORN}) == (  # type: ignore[arg-type]
        "PortMismatch",
        "1 of 1 pod never got ready: container server listens on port 9000, and the probes ask port 8000.",
        "Let the server listen on port 8000: take the port out of spec.runtime.args, or set spec.runtime.port to 9000 "
        "where the runtime is custom.",
    )


def test_a_server_on_the_right_port_was_too_slow() -> None:
    right = UVICORN.replace("9000", "8000")
    assert killed(KILLED_LATE, event("Unhealthy", REFUSED), message=right)[0] == "StartupTooSlow"


def unready(*events: PodEvent, started: bool = True, **status: object) -> Manifest:
    running = {"name": "server", "ready": False, "started": started, "state": {"running": {"startedAt": at(10)}}}
    return {
        "statuses": [running | status],
        "conditions": [condition("Ready", "False")],
        "phase": "Running",
        "node": "gpu-1",
        "events": events,
    }


NOT_READY = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", count=5)


def test_a_server_that_runs_and_is_not_ready() -> None:
    (problem,) = problems(pod(**unready(NOT_READY)))
    assert (problem.reason, problem.message, problem.remedy) == (
        "NotReady",
        "1 of 1 pod failed the readiness check: the readiness probe of container server gets HTTP 503.",
        f"See what the server waits for in its output: {LOGS}",
    )


@pytest.mark.parametrize(
    "harmless",
    [
        unready(),
        unready(event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", count=2)),
        unready(event("Unhealthy", REFUSED, count=200), started=False),
        unready(NOT_READY, started=False),
        unready(NOT_READY, ready=True),
        unready(event("Unhealthy", "Readiness probe failed: HTTP 503", count=9, container="proxy")),
        unready(event("Unhealthy", "Readiness probe failed: HTTP 503", count=9, seen=at(5))),
    ],
)
def test_a_start_that_takes_its_time_is_no_problem(harmless: Manifest) -> None:
    assert problems(pod(**harmless)) == ()
