"""Pods that a real kubelet reported (Kubernetes 1.36, containerd 2), judged after every status that it wrote."""

import pytest

from modelservice_operator.diagnose.explain import explain
from modelservice_operator.diagnose.problem import Problem
from unit.diagnose.builders import RECORDED, SPEC, deployment, recorded

VERDICTS = [
    # recording, seconds after which something is wrong, reason, message, remedy
    ("healthy", None, "", "", ""),
    ("startup-slow", None, "", "", ""),
    ("notready", None, "", "", ""),
    (
        "badimage",
        6.2,
        "ImageNotFound",
        '1 of 1 pod cannot get the image "ghcr.io/llm-d/does-not-exist:v1": registry ghcr.io does not have it.',
        "Set spec.runtime.image to an image that exists, or push this one.",
    ),
    (
        "invalidimage",
        5.2,
        "InvalidImageName",
        '1 of 1 pod cannot get the image "UPPER/Case:v1": the name is no image reference: repository name (Case) '
        "must be lowercase.",
        "Correct spec.runtime.image: registry/repository:tag in lower case, or registry/repository@sha256:…",
    ),
    (
        "pull-unauthorized",
        8.2,
        "ImageUnauthorized",
        '1 of 1 pod cannot get the image "nvcr.io/denied/vllm:v1": registry nvcr.io says that '
        "credentials are missing or wrong (401 Unauthorized).",
        "Add a pull Secret for nvcr.io to imagePullSecrets of ServiceAccount default in namespace default.",
    ),
    (
        "missingsecret",
        3.8,
        "SecretNotFound",
        "1 of 1 pod cannot start: Secret nope does not exist in namespace default.",
        "Create Secret nope in namespace default, or correct spec.model.credentials.secretName or spec.runtime.env.",
    ),
    (
        "crashloop",
        9.4,
        "CrashLooping",
        '1 of 1 pod crashed: container c exited with code 3; its last words: "ValueError: bad model".',
        "Read its output: kubectl logs -n default crashloop -c c --previous",
    ),
    (
        "initfail",
        8.7,
        "ModelUnauthorized",
        '1 of 1 pod crashed: the source of the model denies access: "401 Client Error: Unauthorized" (init container '
        "download exited with code 1).",
        "Put credentials that may read the model into a Secret and name it in spec.model.credentials.secretName; a "
        "gated model also needs its terms accepted.",
    ),
    (
        "liveness-kill",
        10.0,
        "CrashLooping",
        "1 of 1 pod crashed: container c exited with code 2.",
        "Read its output: kubectl logs -n default liveness-kill -c c --previous",
    ),
    (
        "oomkilled",
        7.5,
        "OutOfMemory",
        "1 of 1 pod ran out of host memory: container c was killed at its memory limit of 64Mi.",
        "Raise the memory limit of container c above 64Mi, or serve a smaller model.",
    ),
    (
        "evicted-disk",
        76.4,
        "Evicted",
        '1 of 1 pod got evicted: Usage of EmptyDir volume "v" exceeds the limit "16Mi".',
        "Raise the limit that the message names, in spec.podTemplate, or serve a smaller model.",
    ),
    (
        "outofgpu",
        0.8,
        "InsufficientAccelerators",
        "1 of 1 pod got turned away by the chosen node: it needs 4 nvidia.com/gpu; the node has 2, of which 0 are "
        "taken.",
        "Lower spec.accelerator.count, or see why the scheduler chose a node without enough: "
        "kubectl describe node realnode",
    ),
    (
        "unsched-gpu",
        0.3,
        "InsufficientAccelerators",
        "1 of 1 pod cannot be scheduled: it needs 1 nvidia.com/gpu; no node has that many free "
        "(1 of 1 nodes: Insufficient nvidia.com/gpu).",
        "Free nvidia.com/gpu that others hold, or add a node with at least 1.",
    ),
]


@pytest.mark.parametrize(("name", "from_second", "reason", "message", "remedy"), VERDICTS, ids=[v[0] for v in VERDICTS])
def test_one_verdict_from_the_first_failure_to_the_end(
    name: str, from_second: float | None, reason: str, message: str, remedy: str
) -> None:
    for second, now, pod in recorded(name):
        told = explain(SPEC, [pod], deployment(1), {}, now)
        if from_second is None or second < from_second:
            assert told == (), f"after {second} s"
        else:
            assert len(told) == 1, f"after {second} s"
            assert told[0] == Problem(told[0].reason, message, remedy, 1, told[0].since), f"after {second} s"
            assert told[0].reason == reason, f"after {second} s"


WITH_EVENTS = {
    # what events add: seconds after which the verdict is another one
    "notready": (
        8.3,
        "NotReady",
        "1 of 1 pod failed the readiness check: the readiness probe of container c gets HTTP 503.",
        "See what the server waits for in its output: kubectl logs -n default notready -c c",
    ),
    "liveness-kill": (
        10.0,
        "LivenessProbeFailed",
        "1 of 1 pod restarted: container c was killed by its liveness probe; the probe gets HTTP 503.",
        "See why it stopped answering, such as too much load or a hanging device, in its output: kubectl logs -n "
        "default liveness-kill -c c --previous",
    ),
}


@pytest.mark.parametrize(("name", "from_second", "reason", "message", "remedy"), VERDICTS, ids=[v[0] for v in VERDICTS])
def test_events_make_the_verdict_no_worse(
    name: str, from_second: float | None, reason: str, message: str, remedy: str
) -> None:
    from_second, reason, message, remedy = WITH_EVENTS.get(name, (from_second, reason, message, remedy))
    for second, now, pod in recorded(name, events=True):
        told = explain(SPEC, [pod], deployment(1), {}, now)
        expected = [] if from_second is None or second < from_second else [(reason, message, remedy)]
        assert [(each.reason, each.message, each.remedy) for each in told] == expected, f"after {second} s"


def test_every_recording_is_in_the_table() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == {verdict[0] for verdict in VERDICTS}


@pytest.mark.parametrize("name", ["crashloop", "liveness-kill"])
def test_a_container_without_probes_is_believed_after_ten_minutes(name: str) -> None:
    _, now, pod = [step for step in recorded(name) if step[2].ready][-1]
    assert [problem.reason for problem in explain(SPEC, [pod], deployment(1), {}, now)] == ["CrashLooping"]
    assert explain(SPEC, [pod], deployment(1), {}, now.replace("T12:", "T13:")) == ()
