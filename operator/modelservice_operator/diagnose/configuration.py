"""A container cannot be made from what was asked for."""

import re
from typing import Final

from modelservice_operator.diagnose.failure import failing_since, failure
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.container import Container
from modelservice_operator.records.pod import Pod

_WAITING: Final = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "PostStartHookError",
        "PreCreateHookError",
        "PreStartHookError",
        "RunContainerError",
    }
)
"""The kubelet's reasons for a container that it could not create or start."""

_NOT_STARTED: Final = frozenset({"StartError", "ContainerCannotRun"})
"""Reasons of an exit that was none: the container runtime could not start the process."""

_TRANSIENT: Final = re.compile(r"failed to sync (?:secret|configmap) cache")
"""The kubelet has not seen the objects yet; it says so for a moment on a healthy node."""

_SECRET: Final = re.compile(r'secret "([^"]+)" not found', re.IGNORECASE)
_SECRET_KEY: Final = re.compile(r"couldn't find key (\S+) in Secret [^\s/]+/(\S+)")

_WRAPPING: Final = re.compile(
    r"^.*(?:unable to start container process|runc create failed|error during container init|OCI runtime error): "
    r"|: unknown$",
    re.DOTALL,
)
"""What container runtimes put around the sentence that matters."""


def secret_missing(pod: Pod) -> Finding | None:
    """A Secret that an environment variable refers to is not there, or lacks the key."""
    for container in pod.containers:
        message = _refusal(container)
        if key := _SECRET_KEY.search(message):
            name, detail = key[2], f"Secret {key[2]} in namespace {pod.namespace} has no key {key[1]}"
            remedy = f"Add the key {key[1]} to Secret {key[2]}"
        elif secret := _SECRET.search(message):
            name, detail = secret[1], f"Secret {secret[1]} does not exist in namespace {pod.namespace}"
            remedy = f"Create Secret {secret[1]} in namespace {pod.namespace}"
        else:
            continue
        return Finding(
            Reason.SECRET_NOT_FOUND,
            cause=(name, detail),
            happened="cannot start",
            detail=quotable(detail),
            remedy=quotable(f"{remedy}, or correct spec.model.credentials.secretName or spec.runtime.env") + ".",
            since=failing_since(pod),
            pod=pod.name,
        )
    return None


def container_refused(pod: Pod, now: str) -> Finding | None:
    """The kubelet or the container runtime cannot create or start a container, for any other reason."""
    for container in pod.containers:
        message = _refusal(container) or _failed_start(pod, container, now)
        if message and not _TRANSIENT.search(message):
            return Finding(
                Reason.CONFIG_INVALID,
                cause=(container.name,),
                happened="cannot start",
                detail=f"container {container.name}: {quotable(_WRAPPING.sub('', message.strip()))}",
                remedy="Correct what the message names, in spec.runtime or spec.model.",
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def _refusal(container: Container) -> str:
    waiting = container.waiting
    return waiting.message or waiting.reason if waiting is not None and waiting.reason in _WAITING else ""


def _failed_start(pod: Pod, container: Container, now: str) -> str:
    end = failure(pod, container, now)
    return end.message or end.reason if end is not None and end.reason in _NOT_STARTED else ""
