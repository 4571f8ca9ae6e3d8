"""The process in a container ends when it should run."""

from typing import Final

from modelservice_operator.diagnose.configuration import command_missing
from modelservice_operator.diagnose.failure import failing_since, failure
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import last_words
from modelservice_operator.records.container import Container, Exit
from modelservice_operator.records.pod import Pod

_EXIT_CODES: Final = {
    0: "a server must keep running",
    132: "SIGILL: an instruction that this CPU does not have",
    134: "SIGABRT: it gave up by itself",
    135: "SIGBUS: often /dev/shm or a disk is full",
    137: "SIGKILL: killed from outside, for example because its liveness probe failed",
    139: "SIGSEGV: it touched memory that is not its own",
    143: "SIGTERM: told to stop, for example because its liveness probe failed",
}
"""Codes from 128 are the shell's convention: 128 + number of the signal (Linux)."""

_NO_COMMAND: Final = {126: "it is not executable", 127: "it was not found"}
"""Codes of the shell, POSIX 2.8.2."""


def out_of_memory(pod: Pod, now: str) -> Finding | None:
    """The kernel killed a container: host memory, not device memory."""
    for container in pod.containers:
        end = failure(pod, container, now)
        if end is not None and end.reason == "OOMKilled":
            return Finding(
                Reason.OUT_OF_MEMORY,
                cause=(container.name,),
                happened="ran out of host memory",
                detail=_with_last_words(f"{called(container)} was killed {_limit(container)}", end),
                remedy=_more_memory(container),
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def crash_looping(pod: Pod, now: str) -> Finding | None:
    """A container ended by itself or was killed; the kubelet starts it again and again, at ever longer intervals."""
    for container in pod.containers:
        end = failure(pod, container, now)
        if end is not None and end.exit_code in _NO_COMMAND:
            return command_missing(pod, container, "", _with_last_words(_NO_COMMAND[end.exit_code], end))
        if end is not None:
            meaning = _EXIT_CODES.get(end.exit_code)
            code = f"{end.exit_code} ({meaning})" if meaning else str(end.exit_code)
            return Finding(
                Reason.CRASH_LOOPING,
                cause=(container.name, str(end.exit_code)),
                happened="crashed",
                detail=_with_last_words(f"{called(container)} exited with code {code}", end),
                remedy=f"Read its output: {logs_command(pod, container)} --previous",
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def restarting(pod: Pod) -> Finding | None:
    """The kubelet backs off from restarting a container of whose end nothing is left."""
    for container in pod.containers:
        if container.waiting is not None and container.waiting.reason == "CrashLoopBackOff":
            return Finding(
                Reason.CRASH_LOOPING,
                cause=(container.name, ""),
                happened="crashed",
                detail=f"{called(container)} ends again and again; how it ended is not known any more",
                remedy=f"Read its output: {logs_command(pod, container)} --previous",
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def logs_command(pod: Pod, container: Container) -> str:
    """The command line that prints the output of a container."""
    return f"kubectl logs -n {pod.namespace} {pod.name} -c {container.name}"


def called(container: Container) -> str:
    """What a container is called in a sentence."""
    return f"{'init container' if container.init else 'container'} {container.name}"


def _limit(container: Container) -> str:
    if container.memory_limit:
        return f"at its memory limit of {container.memory_limit}"
    return "though it has no memory limit: the node itself ran out"


def _more_memory(container: Container) -> str:
    limit = container.memory_limit
    if limit:
        return f"Raise the memory limit of {called(container)} above {limit}, or serve a smaller model."
    return "Use nodes with more memory, or serve a smaller model."


def _with_last_words(text: str, end: Exit) -> str:
    words = last_words(end.message)
    return f'{text}; its last words: "{words}"' if words else text
