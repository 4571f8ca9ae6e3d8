"""A pod that has a node, and whose containers do not come: only its events say why."""

import pytest

from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent
from unit.diagnose.builders import at, condition, ended, event, pod, problems, waiting

DESCRIBE = "kubectl describe pod -n ml chat-7d9c-a"


def creating(*events: PodEvent) -> Pod:
    return waiting("ContainerCreating", events=events)


TOLD = [
    # reason and message of the Event, our reason, message after "1 of 1 pod cannot start: ", remedy
    (
        "FailedMount",
        'MountVolume.SetUp failed for volume "creds" : secret "gcs" not found',
        "SecretNotFound",
        "Secret gcs does not exist in namespace ml.",
        "Create Secret gcs in namespace ml, or correct spec.model.credentials.secretName or spec.runtime.env.",
    ),
    (
        "FailedMount",
        'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found',
        "ConfigMapNotFound",
        "ConfigMap settings does not exist in namespace ml.",
        "Create ConfigMap settings in namespace ml, or correct spec.runtime.env or spec.podTemplate.",
    ),
    (
        "FailedMount",
        'MountVolume.SetUp failed for volume "pvc-1" : rpc error: code = Internal desc = mount failed: exit status 32',
        "VolumeMountFailed",
        'volume "pvc-1": mount failed: exit status 32.',
        f"Repair the volume or its storage: {DESCRIBE}",
    ),
    (
        "FailedMount",
        "Unable to attach or mount volumes: unmounted volumes=[model], unattached volumes=[], failed to process "
        "volumes=[]: timed out waiting for the condition",
        "VolumeMountFailed",
        'volume "model": Unable to attach or mount volumes: unmounted volumes=[model], unattached volumes=[], failed '
        "to process volumes=[]: timed out waiting for the condition.",
        f"Repair the volume or its storage: {DESCRIBE}",
    ),
    (
        "FailedAttachVolume",
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) chat-55f8-a',
        "VolumeMountFailed",
        'volume "pvc-1" is attached to another node and cannot be attached to two (Multi-Attach).',
        "Use a claim of access mode ReadWriteMany, or stop the pod that holds it; with spec.rollout.strategy Replace "
        "the old pod goes first.",
    ),
    (
        "FailedAttachVolume",
        'Waiting for detach for volume "pvc-1" Volume is already exclusively attached to one node, waiting on detach '
        "before it can be attached to another node",
        "VolumeMountFailed",
        'volume "pvc-1" is attached to another node and cannot be attached to two (Multi-Attach).',
        "Use a claim of access mode ReadWriteMany, or stop the pod that holds it; with spec.rollout.strategy Replace "
        "the old pod goes first.",
    ),
    (
        "FailedMount",
        'error processing PVC ml/models: failed to fetch PVC from API server: persistentvolumeclaim "models" not found',
        "VolumeClaimNotFound",
        "PersistentVolumeClaim models does not exist.",
        "Create PersistentVolumeClaim models in namespace ml, or correct spec.model.uri.",
    ),
    (
        "FailedCreatePodSandBox",
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin "
        'type="calico" failed (add): error getting ClusterInformation: connection is unauthorized',
        "SandboxFailed",
        'node gpu-1 cannot set up the pod: failed to setup network for sandbox: plugin type="calico" failed (add): '
        "error getting ClusterInformation: connection is unauthorized.",
        "Repair the node's network plugin or container runtime: kubectl describe node gpu-1",
    ),
    (
        "FailedCreatePodSandBox",
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "
        '"nvidia" is configured',
        "RuntimeClassNotFound",
        "node gpu-1 has no container runtime called nvidia.",
        "Correct spec.placement.runtimeClassName, or configure its handler on the node.",
    ),
    (
        "FailedPrepareDynamicResources",
        "Failed to prepare dynamic resources: NodePrepareResources failed: rpc error: code = Internal desc = no driver",
        "DeviceClaimPending",
        "node gpu-1 cannot prepare the claimed devices: no driver.",
        f"Repair the device driver of the node: {DESCRIBE}",
    ),
]


@pytest.mark.parametrize(("kubelet", "words", "reason", "message", "remedy"), TOLD)
def test_what_events_say(kubelet: str, words: str, reason: str, message: str, remedy: str) -> None:
    (problem,) = problems(creating(event(kubelet, words)))
    assert (problem.reason, problem.message, problem.remedy) == (reason, f"1 of 1 pod cannot start: {message}", remedy)


def test_the_last_event_counts() -> None:
    first = event("FailedMount", 'MountVolume.SetUp failed for volume "a" : no', seen=at(10))
    last = event("FailedMount", 'MountVolume.SetUp failed for volume "b" : no', seen=at(20))
    for events in ((first, last), (last, first)):
        assert 'volume "b"' in problems(creating(*events))[0].message


IN_VAIN = "Unable to attach or mount volumes: unmounted volumes=[creds]: timed out waiting for the condition"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('MountVolume.SetUp failed for volume "creds" : secret "nope" not found', "Secret nope does not exist"),
        ('Multi-Attach error for volume "pvc-1" Volume is already used', "Multi-Attach"),
        ('MountVolume.SetUp failed for volume "a" : exit status 32', "exit status 32"),
    ],
)
def test_that_the_kubelet_waited_in_vain_never_hides_why(words: str, said: str) -> None:
    cause, vain = event("FailedMount", words, seen=at(10)), event("FailedMount", IN_VAIN, seen=at(130))
    again = event("FailedMount", words, seen=at(140))
    for events in ((cause, vain), (vain, cause), (cause, vain, again)):
        assert said in problems(creating(*events))[0].message


def test_what_was_over_before_the_image_was_pulled_is_no_problem() -> None:
    early = [
        event("FailedCreatePodSandBox", "network is not ready", seen=at(2)),
        event("FailedMount", 'MountVolume.SetUp failed for volume "a" : no', seen=at(3)),
    ]
    assert problems(creating(*early, event("Pulling", "Pulling image", seen=at(9)))) == ()
    assert len(problems(creating(*early, event("Pulling", "Pulling image", seen=at(1))))) == 1


FAILED = event("FailedMount", 'MountVolume.SetUp failed for volume "a" : no')
RUNNING = {"name": "server", "state": {"running": {"startedAt": at(30)}}}
CRASHED = {"name": "server", "state": ended(1)}


@pytest.mark.parametrize(
    ("harmless", "reasons"),
    [
        (creating(), []),
        (creating(event("FailedMount", 'volume "a" : failed to sync secret cache: timed out')), []),
        (creating(event("Scheduled", "Successfully assigned ml/chat to gpu-1")), []),
        (pod(statuses=[RUNNING], phase="Running", node="gpu-1", events=[FAILED]), []),
        (pod(statuses=[CRASHED], phase="Running", node="gpu-1", events=[FAILED]), ["CrashLooping"]),
        (pod(conditions=[condition("PodScheduled", "True")], phase="Pending", events=[FAILED]), []),
    ],
)
def test_what_passed_by_is_no_problem(harmless: Pod, reasons: list[str]) -> None:
    assert [problem.reason for problem in problems(harmless)] == reasons
