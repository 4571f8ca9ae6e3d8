import pytest

from modelservice_operator.diagnose.later import changes_in
from modelservice_operator.manifest import Manifest
from unit.diagnose.builders import at, condition, ended, pod, problems

RUNNING = {"running": {"startedAt": at(120)}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
LOGS = "Read its output: kubectl logs -n ml chat-7d9c-a -c server --previous"


def crashed(
    state: Manifest,
    last: Manifest | None = None,
    *,
    ready: bool = False,
    since: int = 60,
    probe: bool = True,
    **more: object,
) -> Manifest:
    """Arguments for a pod whose server is in `state`, after it ended as in `last`."""
    return {
        "container": {"readinessProbe": {}} if probe else {"readinessProbe": None},
        "statuses": [
            {
                "name": "server",
                "ready": ready,
                "state": state,
                "lastState": last or {},
                "restartCount": 1 if last else 0,
            }
        ],
        "conditions": [condition("Ready", "True" if ready else "False", since=at(since))],
        "phase": "Running",
        "node": "gpu-1",
        **more,
    }


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "0 (a server must keep running)"),
        (1, "1"),
        (137, "137 (SIGKILL: killed from outside, for example because its liveness probe failed)"),
        (139, "139 (SIGSEGV: it touched memory that is not its own)"),
        (143, "143 (SIGTERM: told to stop, for example because its liveness probe failed)"),
        (255, "255"),
    ],
)
def test_exit_codes(code: int, words: str) -> None:
    (problem,) = problems(pod(**crashed(ended(code))))
    assert (problem.reason, problem.message, problem.remedy) == (
        "CrashLooping",
        f"1 of 1 pod crashed: container server exited with code {words}.",
        LOGS,
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (127, 'it was not found; its last words: "sh: 1: vlm: not found"'),
        (126, 'it is not executable; its last words: "sh: 1: vlm: not found"'),
    ],
)
def test_exit_codes_of_the_shell(code: int, words: str) -> None:
    (problem,) = problems(pod(**crashed(ended(code, message="sh: 1: vlm: not found\n"))))
    assert (problem.reason, problem.message) == (
        "CommandNotFound",
        f"1 of 1 pod cannot start: the command of container server cannot be executed: {words}.",
    )


FAILED = ended(1, message="INFO 11-22 10:00:00 loading\nValueError: no such model\n")

PHASES = [
    ("the first crash", crashed(FAILED)),
    ("waiting for the restart", crashed(BACK_OFF, FAILED)),
    ("running again, loading", crashed(RUNNING, FAILED)),
    ("the second crash", crashed(FAILED, FAILED)),
    ("the sandbox was made anew", crashed({"waiting": {"reason": "ContainerCreating"}}, FAILED)),
    ("unready because of the crash, noticed late", crashed(RUNNING, FAILED, since=125)),
]


@pytest.mark.parametrize("phase", [phase for _, phase in PHASES], ids=[name for name, _ in PHASES])
def test_a_crash_loop_is_one_problem_in_every_phase(phase: Manifest) -> None:
    (problem,) = problems(pod(**phase))
    assert (problem.reason, problem.message, problem.remedy) == (
        "CrashLooping",
        '1 of 1 pod crashed: container server exited with code 1; its last words: "ValueError: no such model".',
        LOGS,
    )


def test_a_loop_of_whose_ends_nothing_is_left() -> None:
    (problem,) = problems(pod(**crashed(BACK_OFF)))
    assert (problem.reason, problem.message) == (
        "CrashLooping",
        "1 of 1 pod crashed: container server ends again and again; how it ended is not known any more.",
    )


def test_a_container_without_a_probe_that_crashes_for_ever_beside_one_with_a_probe() -> None:
    """Ready for a moment between two crashes, it is not vouched for by the pod's readiness."""
    both = [{"name": "proxy", "image": "p:1"}, {"name": "server", "image": "s:1", "readinessProbe": {}}]
    proxy = {"name": "proxy", "ready": True, "restartCount": 7, "state": RUNNING, "lastState": ended(1)}
    server = {"name": "server", "ready": True, "state": RUNNING}
    mixed = crashed(RUNNING, ready=True, containers=both) | {"statuses": [proxy, server]}
    assert [problem.reason for problem in problems(pod(**mixed))] == ["CrashLooping"]


NO_PROBLEM = [
    ("crashed once, and its probe says that it works", crashed(RUNNING, FAILED, ready=True)),
    ("ready after the crash, and unready for another cause", crashed(RUNNING, FAILED, since=200)),
    ("the node was restarted", crashed(RUNNING, ended(255, "Unknown"))),
    ("the kubelet lost track of it", crashed(RUNNING, ended(137, "ContainerStatusUnknown"))),
    (
        "an init container did its work at the second try",
        crashed(
            RUNNING,
            init_containers=[{"name": "fetch"}],
            init_statuses=[{"name": "fetch", "state": ended(0, "Completed"), "lastState": ended(1)}],
        ),
    ),
    (
        "a sidecar without probes was restarted in a pod that works",
        crashed(
            RUNNING,
            ready=True,
            init_containers=[{"name": "proxy", "restartPolicy": "Always"}],
            init_statuses=[{"name": "proxy", "ready": True, "state": RUNNING, "lastState": ended(1)}],
        ),
    ),
]


@pytest.mark.parametrize("phase", [phase for _, phase in NO_PROBLEM], ids=[name for name, _ in NO_PROBLEM])
def test_a_past_crash_is_no_problem(phase: Manifest) -> None:
    assert problems(pod(**phase)) == ()


def test_a_sidecar_that_ends_is_a_crash_whatever_its_exit_code() -> None:
    phase = crashed(
        RUNNING,
        init_containers=[{"name": "proxy", "restartPolicy": "Always"}],
        init_statuses=[{"name": "proxy", "state": ended(0, "Completed")}],
    )
    (problem,) = problems(pod(**phase))
    assert problem.message == "1 of 1 pod crashed: container proxy exited with code 0 (a server must keep running)."


@pytest.mark.parametrize(
    ("limits", "message", "remedy"),
    [
        (
            {"limits": {"memory": "64Gi"}},
            "1 of 1 pod ran out of host memory: container server was killed at its memory limit of 64Gi.",
            "Raise the memory limit of container server above 64Gi, or serve a smaller model.",
        ),
        (
            {},
            "1 of 1 pod ran out of host memory: container server was killed though it has no memory limit: the node "
            "itself ran out.",
            "Use nodes with more memory, or serve a smaller model.",
        ),
    ],
)
@pytest.mark.parametrize("phase", ["terminated", "waiting", "running"])
def test_out_of_memory(phase: str, limits: Manifest, message: str, remedy: str) -> None:
    end = ended(137, "OOMKilled")
    arguments = {"terminated": crashed(end), "waiting": crashed(BACK_OFF, end), "running": crashed(RUNNING, end)}[phase]
    arguments["container"] = {"resources": limits}
    (problem,) = problems(pod(**arguments))
    assert (problem.reason, problem.message, problem.remedy) == ("OutOfMemory", message, remedy)


def test_out_of_memory_says_more_than_another_container_that_went_down_with_it() -> None:
    both = pod(
        containers=[{"name": "proxy"}, {"name": "server"}],
        statuses=[{"name": "proxy", "state": ended(1)}, {"name": "server", "state": ended(137, "OOMKilled")}],
    )
    assert [problem.reason for problem in problems(both)] == ["OutOfMemory"]


def test_the_time_of_a_crash_is_when_the_pod_became_unready() -> None:
    (problem,) = problems(pod(**crashed(BACK_OFF, FAILED, since=77)))
    assert problem.since == at(77)


@pytest.mark.parametrize(
    ("restarts", "lasted", "proof"),
    [
        pytest.param(1, 2, 20, id="longer than the first back-off"),
        pytest.param(4, 2, 160, id="longer than the back-off after four restarts"),
        pytest.param(1, 50, 100, id="twice as long as before"),
        pytest.param(9, 2, 600, id="ten minutes at most"),
        pytest.param(1, 3600, 600, id="ten minutes at most, however long it ran"),
    ],
)
def test_without_a_probe_a_container_has_recovered_when_it_has_run_for_long_enough(
    restarts: int, lasted: int, proof: int
) -> None:
    unprobed = {"name": "server", "image": "ghcr.io/org/server:v1"}
    last = {"terminated": FAILED["terminated"] | {"startedAt": at(60 - lasted)}}
    phase = crashed(RUNNING, last, ready=True, containers=[unprobed])
    phase["statuses"][0]["restartCount"] = restarts
    restarted, started = pod(**phase), RUNNING["running"]["startedAt"]
    assert [problem.reason for problem in problems(restarted, now=at(proof - 1, started))] == ["CrashLooping"]
    assert changes_in([restarted], at(proof - 1, started)) == 2.0
    assert problems(restarted, now=at(proof, started)) == ()
    assert changes_in([restarted], at(proof, started)) is None


@pytest.mark.parametrize(("restarts", "runs", "told"), [(2, 5, 0), (3, 5, 1), (3, 39, 1), (3, 40, 0)])
def test_a_container_that_crashes_whenever_its_probe_succeeds_has_not_recovered(
    restarts: int, runs: int, told: int
) -> None:
    last = {"terminated": FAILED["terminated"] | {"startedAt": at(40)}}
    phase = crashed(RUNNING, last, ready=True)
    phase["statuses"][0]["restartCount"] = restarts
    assert len(problems(pod(**phase), now=at(runs, RUNNING["running"]["startedAt"]))) == told
