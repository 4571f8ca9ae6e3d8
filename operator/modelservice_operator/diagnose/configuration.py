"""A container cannot be made from what was asked for."""

import re
from typing import Final

from modelservice_operator.diagnose.failure import failing_since, failure
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import recognise
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.container import Container
from modelservice_operator.records.pod import Pod

_WAITING: Final = frozenset(
    {
        # Kubernetes 1.36, pkg/kubelet/kuberuntime/kuberuntime_container.go; the last one: container/sync_result.go.
        "CreateContainerConfigError",
        "CreateContainerError",
        "PostStartHookError",
        "PreCreateHookError",
        "PreStartHookError",
        "RunContainerError",
    }
)
"""The kubelet's reasons for a container that it could not create or start."""

# containerd 2.4, internal/cri/server/helpers.go; the other one was dockershim's.
_NOT_STARTED: Final = frozenset({"StartError", "ContainerCannotRun"})
"""Reasons of an exit that was none: the container runtime could not start the process."""

_LONGER: Final = 300

# Kubernetes 1.36, pkg/kubelet/util/manager/watch_based_manager.go; containerd 2.4, internal/registrar/registrar.go.
_TRANSIENT: Final = re.compile(
    r"failed to sync (?:secret|configmap) cache|^context deadline exceeded$|name \S+ is reserved for"
)
"""The kubelet has not seen the objects yet, or the container runtime is behind: it says so for a moment."""

# Kubernetes 1.36, k8s.io/apimachinery/pkg/api/errors/errors.go, NewNotFound.
_ABSENT: Final = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found', re.IGNORECASE)
# Kubernetes 1.36, pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables.
_KEY_ABSENT: Final = re.compile(r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) [^\s/]+/(?P<name>\S+)")
_KIND: Final = {
    "secret": (
        Reason.SECRET_NOT_FOUND,
        "Secret",
        "spec.model.credentials.secretName or spec.runtime.env",
    ),
    "configmap": (Reason.CONFIG_MAP_NOT_FOUND, "ConfigMap", "spec.runtime.env or spec.podTemplate"),
}
# Kubernetes 1.36, pkg/kubelet/kuberuntime/security_context_others.go and security_context_windows.go.
_ROOT: Final = re.compile(
    r"image will run as root|breaks non-root policy|non-numeric user \((?P<user>[^)]*)\)", re.IGNORECASE
)
# runc 1.4, libcontainer/standard_init_linux.go, with the words of Go 1.26, os/exec/lp_unix.go, and of Linux; with
# backquotes crun, src/libcrun/container.c.
_NO_COMMAND: Final = re.compile(
    r'exec: "(?P<command>[^"]+)": (?P<why>executable file not found in \$PATH|(?:stat \S+: )?no such file or directory'
    r"|permission denied|is a directory)"
    r"|executable file `(?P<file>[^`]+)` (?P<absent>not found in \$PATH)"
    r"|(?P<open>open executable): (?P<denied>Permission denied)"
    r"|exec (?P<path>\S+): (?P<error>no such file or directory|exec format error|permission denied)"
)
# containerd 2.4, internal/cri/config/config.go; the other one is dockershim's.
_RUNTIME_CLASS: Final = re.compile(
    r"no runtime for \"?(?P<name>[\w-]+)\"? is configured|RuntimeHandler .* not supported"
)
# Kubernetes 1.36, pkg/kubelet/kubelet_pods.go, makeMounts; runc 1.4, libcontainer/rootfs_linux.go.
_VOLUME: Final = re.compile(
    r"subPath|failed to (?:create|prepare) .*volumeMount|error mounting|mkdir .*read-only", re.IGNORECASE
)

# runc 1.4, libcontainer/container_linux.go and process_linux.go; containerd 2.4,
# cmd/containerd-shim-runc-v2/process/init.go.
_WRAPPING: Final = re.compile(
    r"^.*(?:unable to start container process|runc create failed|error during container init|OCI runtime error): "
    r"|: unknown$",
    re.DOTALL,
)
"""What container runtimes put around the sentence that matters."""


def reference_missing(pod: Pod, now: str) -> Finding | None:
    """A Secret or ConfigMap that a container refers to is not there, or lacks the key."""
    for container in pod.containers:
        if finding := absent_reference(pod, _refusal(pod, container, now)):
            return finding
    return None


def absent_reference(pod: Pod, message: str) -> Finding | None:
    """The Secret, the ConfigMap or the key in one that a message of the kubelet misses."""
    if match := _KEY_ABSENT.search(message):
        reason, kind, fields = _KIND[match["kind"].lower()]
        name, detail = match["name"], f"{kind} {match['name']} in namespace {pod.namespace} has no key {match['key']}"
        remedy = f"Add the key {match['key']} to {kind} {name}"
    elif match := _ABSENT.search(message):
        reason, kind, fields = _KIND[match["kind"].lower()]
        name, detail = match["name"], f"{kind} {match['name']} does not exist in namespace {pod.namespace}"
        remedy = f"Create {kind} {name} in namespace {pod.namespace}"
    else:
        return None
    return _finding(pod, reason, (name, detail), detail, quotable(f"{remedy}, or correct {fields}") + ".")


def runs_as_root(pod: Pod, now: str) -> Finding | None:
    """The image runs as root, or as a user of which the kubelet cannot tell, and the pod must not."""
    for container in pod.containers:
        match = _ROOT.search(_refusal(pod, container, now))
        if match is not None:
            who = f'as user "{match["user"]}", which may be root' if match["user"] else "as root"
            return _finding(
                pod,
                Reason.RUNS_AS_ROOT,
                (container.name,),
                f"image {quotable(container.image)} of container {container.name} runs {who}: runAsNonRoot forbids it",
                "Use an image that runs as another user, or set securityContext.runAsUser in spec.podTemplate to a "
                "number above 0.",
            )
    return None


def command_not_found(pod: Pod, now: str) -> Finding | None:
    """The command of a container is not in its image, or cannot be executed there."""
    for container in pod.containers:
        match = _NO_COMMAND.search(_refusal(pod, container, now))
        if match is not None:
            command = quotable(match["command"] or match["path"] or match["file"] or "")
            why = match["why"] or match["error"] or match["absent"] or match["denied"]
            return command_missing(pod, container, command, quotable(why))
    return None


def command_missing(pod: Pod, container: Container, command: str, why: str) -> Finding:
    """The finding that the container's command, if known, cannot be executed."""
    what = f'"{command}" ' if command else ""
    return _finding(
        pod,
        Reason.COMMAND_NOT_FOUND,
        (container.name, command),
        f"the command {what}of container {container.name} cannot be executed: {why}",
        f"Correct spec.runtime.command, or use an image that has the command: spec.runtime.image is "
        f"{quotable(container.image)}.",
    )


def container_refused(pod: Pod, now: str) -> Finding | None:
    """The kubelet or the container runtime cannot create or start a container, for any other reason."""
    for container in pod.containers:
        message = _refusal(pod, container, now)
        if not message:
            continue
        words = quotable(_WRAPPING.sub("", message.strip()))
        reason, remedy = Reason.CONFIG_INVALID, "Correct what the message names, in spec.runtime or spec.model."
        if (meaning := recognise(message)) is not None:
            detail = f"{meaning.says} (container {container.name})"
            return _finding(pod, meaning.reason, (container.name,), detail, meaning.remedy)
        if _VOLUME.search(message):
            reason = Reason.VOLUME_MOUNT_FAILED
            remedy = f"Correct the volume that the message names: kubectl describe pod -n {pod.namespace} {pod.name}"
        elif _RUNTIME_CLASS.search(message):
            reason = Reason.RUNTIME_CLASS_NOT_FOUND
            remedy = "Correct spec.placement.runtimeClassName, or configure its handler on the node."
        return _finding(pod, reason, (container.name,), f"container {container.name}: {words}", remedy)
    return None


def _finding(pod: Pod, reason: Reason, cause: tuple[str, ...], detail: str, remedy: str) -> Finding:
    return Finding(
        reason,
        cause=cause,
        happened="cannot start",
        detail=quotable(detail, _LONGER),
        remedy=remedy,
        since=failing_since(pod),
        pod=pod.name,
    )


def _refusal(pod: Pod, container: Container, now: str) -> str:
    """What the kubelet or the container runtime says of a container that it cannot create or start."""
    waiting = container.waiting
    if waiting is not None and waiting.reason in _WAITING:
        message = waiting.message or waiting.reason
        return "" if _TRANSIENT.search(message) else message
    end = failure(pod, container, now)
    return end.message or end.reason if end is not None and end.reason in _NOT_STARTED else ""
