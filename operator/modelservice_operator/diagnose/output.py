"""What the process of a container printed before it ended, where that says what is wrong."""

from modelservice_operator.diagnose.failure import failing_since, failure
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.process import called
from modelservice_operator.diagnose.texts.recognise import recognise
from modelservice_operator.records.pod import Pod


def recognised(pod: Pod, now: str) -> Finding | None:
    """The last lines of a container that crashed hold a text whose meaning is known."""
    for container in pod.containers:
        end = failure(pod, container, now)
        if end is None:
            continue
        # The root cause may stand far above what the kubelet keeps as the termination message.
        meaning = recognise(end.message) or recognise(pod.output)
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
