import pytest

from unit.diagnose.builders import ended, pod, problems, waiting

CONFIG = "Correct what the message names, in spec.runtime or spec.model."
OTHER_USER = (
    "Use an image that runs as another user, or set securityContext.runAsUser in spec.podTemplate to a number above 0."
)
COMMAND = (
    "Correct spec.runtime.command, or use an image that has the command: spec.runtime.image is ghcr.io/org/server:v1."
)
OCI = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: "
)

REFUSALS = [
    # the kubelet's reason and message, our reason, the message after "1 of 1 pod cannot start: ", the remedy
    (
        "CreateContainerConfigError",
        'secret "hf-token" not found',
        "SecretNotFound",
        "Secret hf-token does not exist in namespace ml.",
        "Create Secret hf-token in namespace ml, or correct spec.model.credentials.secretName or spec.runtime.env.",
    ),
    (
        "CreateContainerConfigError",
        "couldn't find key HF_TOKEN in Secret ml/hf-token",
        "SecretNotFound",
        "Secret hf-token in namespace ml has no key HF_TOKEN.",
        "Add the key HF_TOKEN to Secret hf-token, or correct spec.model.credentials.secretName or spec.runtime.env.",
    ),
    (
        "CreateContainerConfigError",
        'configmap "settings" not found',
        "ConfigMapNotFound",
        "ConfigMap settings does not exist in namespace ml.",
        "Create ConfigMap settings in namespace ml, or correct spec.runtime.env or spec.podTemplate.",
    ),
    (
        "CreateContainerConfigError",
        "couldn't find key LEVEL in ConfigMap ml/settings",
        "ConfigMapNotFound",
        "ConfigMap settings in namespace ml has no key LEVEL.",
        "Add the key LEVEL to ConfigMap settings, or correct spec.runtime.env or spec.podTemplate.",
    ),
    (
        "CreateContainerConfigError",
        "container has runAsNonRoot and image will run as root (pod: "
        '"chat-7d9c-a_ml(2f55db6a-b13e-4a04-a55b-98c0aec0e289)", container: server)',
        "RunsAsRoot",
        "image ghcr.io/org/server:v1 of container server runs as root: runAsNonRoot forbids it.",
        OTHER_USER,
    ),
    (
        "CreateContainerConfigError",
        "container has runAsNonRoot and image has non-numeric user (nobody), cannot verify user is non-root",
        "RunsAsRoot",
        'image ghcr.io/org/server:v1 of container server runs as user "nobody", which may be root: runAsNonRoot '
        "forbids it.",
        OTHER_USER,
    ),
    (
        "RunContainerError",
        OCI + 'exec: "vlm": executable file not found in $PATH: unknown',
        "CommandNotFound",
        'the command "vlm" of container server cannot be executed: executable file not found in $PATH.',
        COMMAND,
    ),
    (
        "CreateContainerError",
        OCI + 'exec: "/opt/serve": stat /opt/serve: no such file or directory: unknown',
        "CommandNotFound",
        'the command "/opt/serve" of container server cannot be executed: stat /opt/serve: no such file or directory.',
        COMMAND,
    ),
    (
        "RunContainerError",
        OCI + "exec /usr/bin/serve: exec format error",
        "CommandNotFound",
        'the command "/usr/bin/serve" of container server cannot be executed: exec format error.',
        COMMAND,
    ),
    (
        "CreateContainerConfigError",
        'failed to prepare subPath for volumeMount "models" of container "server"',
        "VolumeMountFailed",
        'container server: failed to prepare subPath for volumeMount "models" of container "server".',
        "Correct the volume that the message names: kubectl describe pod -n ml chat-7d9c-a",
    ),
    (
        "CreateContainerError",
        "container create failed: executable file `vlm` not found in $PATH: No such file or directory",
        "CommandNotFound",
        'the command "vlm" of container server cannot be executed: not found in $PATH.',
        COMMAND,
    ),
    (
        "CreateContainerError",
        OCI + "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver",
        "DriverTooOld",
        "the node's driver is too old for the image, which needs cuda>=12.8 (container server).",
        "Update the driver of the node, or set spec.runtime.image to an image for an older one.",
    ),
    ("PostStartHookError", "", "ConfigInvalid", "container server: PostStartHookError.", CONFIG),
]


@pytest.mark.parametrize(("kubelet", "error", "reason", "message", "remedy"), REFUSALS)
def test_what_the_kubelet_says(kubelet: str, error: str, reason: str, message: str, remedy: str) -> None:
    (problem,) = problems(waiting(kubelet, error))
    assert (problem.reason, problem.message, problem.remedy) == (reason, f"1 of 1 pod cannot start: {message}", remedy)


def test_a_command_that_does_not_exist_is_the_same_problem_in_every_phase() -> None:
    error = OCI + 'exec: "vlm": executable file not found in $PATH: unknown'
    not_started = ended(128, "StartError", error)
    backing_off = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}
    phases = [
        waiting("RunContainerError", error),
        pod(statuses=[{"name": "server", "state": not_started}], phase="Running"),
        pod(statuses=[{"name": "server", "state": backing_off, "lastState": not_started, "restartCount": 1}]),
    ]
    assert len({problems(phase) for phase in phases}) == 1
    assert problems(phases[0])[0].reason == "CommandNotFound"


@pytest.mark.parametrize(
    "passing",
    [
        "failed to sync secret cache: timed out",
        "context deadline exceeded",
        'failed to reserve container name "server_0": name "server_0" is reserved for "b52f"',
    ],
)
def test_what_passes_by_itself_is_waited_for(passing: str) -> None:
    assert problems(waiting("CreateContainerError", passing)) == ()
