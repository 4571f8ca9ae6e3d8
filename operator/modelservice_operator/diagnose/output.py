"""What the process of a container printed before it ended, where that says what is wrong."""

from collections.abc import Callable

from modelservice_operator.diagnose.failure import failing_since, failure
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.process import called
from modelservice_operator.diagnose.texts.recognise import Meaning, guess, recognise
from modelservice_operator.records.pod import Pod


def recognised(pod: Pod, now: str) -> Finding | None:
    """The last lines of a container that crashed hold a text whose meaning is known."""
    return _understood(pod, now, recognise)


def guessed(pod: Pod, now: str) -> Finding | None:
    """The last line of a container that crashed has words by which its meaning can be told, if nobody knows better."""
    return _understood(pod, now, guess)


def _understood(pod: Pod, now: str, meaning_of: Callable[[str], Meaning | None]) -> Finding | None:
    for container in pod.containers:
        end = failure(pod, container, now)
        if end is None:
            continue
        # The root cause may stand far above what the kubelet keeps as the termination message.
        meaning = meaning_of(end.message) or meaning_of(pod.output)
        if meaning is not None:
            return Finding(
                meaning.reason,
                cause=(container.name,),
                happened="crashed",
                detail=f"{meaning.says} ({called(container)} exited with code {end.exit_code})",
                remedy=meaning.remedy,
                since=failing_since(pod),
                pod=pod.name,
            )
    return None
