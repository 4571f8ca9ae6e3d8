"""What a process printed before it ended, where its meaning is known."""

from unit.diagnose.builders import condition, ended, pod, problems

FULL = "Traceback (most recent call last):\nOSError: [Errno 28] No space left on device\n"
VAGUE = "RuntimeError: Engine core initialization failed. See root cause above.\n"


def crash(message: str, output: str = "", reason: str = "Error") -> list[str]:
    status = {"name": "server", "state": ended(1, reason, message)}
    crashed = pod(statuses=[status], conditions=[condition("Ready", "False")], phase="Running", output=output)
    return [problem.reason for problem in problems(crashed)]


def test_a_known_text_is_the_reason() -> None:
    status = {"name": "server", "state": ended(1, message=FULL)}
    (problem,) = problems(pod(statuses=[status], conditions=[condition("Ready", "False")], phase="Running"))
    assert (problem.reason, problem.message) == (
        "DiskFull",
        "1 of 1 pod crashed: no space is left where the model is written to (container server exited with code 1).",
    )
    assert problem.remedy.startswith("Set spec.model.size")


def test_where_it_may_be_read_the_log_says_what_the_last_lines_do_not() -> None:
    assert crash(VAGUE) == ["CrashLooping"]
    assert crash(VAGUE, FULL) == ["DiskFull"]


def test_the_kernel_says_more() -> None:
    assert crash(FULL, reason="OOMKilled") == ["OutOfMemory"]
