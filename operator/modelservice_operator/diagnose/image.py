"""The image of a container does not come."""

import re
from typing import Final

from modelservice_operator.diagnose.failure import failing_since
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.records.container import Container
from modelservice_operator.records.pod import Pod

_ABSENT: Final = Reason.IMAGE_NOT_FOUND
_DENIED: Final = Reason.IMAGE_UNAUTHORIZED
_UNREACHABLE: Final = Reason.REGISTRY_UNREACHABLE
_LIMITED: Final = Reason.REGISTRY_RATE_LIMITED
_NO_ROOM: Final = Reason.NODE_DISK_FULL

_NO_CREDENTIALS: Final = "{registry} says that credentials are missing or wrong (401 Unauthorized)"

_WAITING: Final = frozenset(
    {
        # Kubernetes 1.36, pkg/kubelet/images/types.go
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        # Kubernetes 1.36, k8s.io/cri-api/pkg/errors/errors.go
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""What a container waits for, in the words of the kubelet, when the image is what it lacks."""

_REASONS: Final = {
    "ErrImageNeverPull": (Reason.IMAGE_NEVER_PULLED, "it is not on the node, and imagePullPolicy is Never"),
    "SignatureValidationFailed": (_DENIED, "the node does not accept its signature"),
    "RegistryUnavailable": (_UNREACHABLE, "{registry} is not available"),
}
"""Where the kubelet's reason is the cause."""

_CAUSES: Final = (
    # The status of the answer: containerd 2.4, core/remotes/errors/errors.go ("unexpected status from HEAD request to
    # …: 429 Too Many Requests"). The words: distribution 2.8, registry/api/errcode/register.go ("toomanyrequests").
    (r"\b429\b|too ?many ?requests|rate.?limit", _LIMITED, "{registry} limits the rate of requests (429)"),
    # Linux, ENOSPC and EDQUOT by Go's syscall.Errno.
    (r"no space left on device|disk quota exceeded|\bENOSPC\b", _NO_ROOM, "the node has no room for it"),
    # containers/image 5.36, pkg/shortnames/shortnames.go (CRI-O).
    (r"did not resolve to an alias|short-name", Reason.INVALID_IMAGE_NAME, "it does not say which registry it is in"),
    # containerd 2.4, core/remotes/docker/resolver.go ("pull access denied, repository does not exist or may require
    # authorization") and authorizer.go ("server message: insufficient_scope").
    (r"insufficient_scope|may require", _DENIED, "it does not exist, or only credentials give access to it"),
    # containerd 2.4, core/remotes/errors/errors.go and core/remotes/docker/authorizer.go.
    (
        r"\b401\b|unauthori[sz]ed|no basic auth",
        _DENIED,
        _NO_CREDENTIALS,
    ),
    # distribution 2.8, registry/api/errcode/register.go: of the code UNAUTHORIZED.
    (r"authentication required", _DENIED, _NO_CREDENTIALS),
    # containerd 2.4, core/remotes/errors/errors.go; core/remotes/docker/resolver.go ("authorization failed"); of the
    # code DENIED: distribution 2.8, registry/api/errcode/register.go ("requested access to the resource is denied").
    (r"\b403\b|forbidden|denied|authorization failed", _DENIED, "{registry} denies access (403 Forbidden)"),
    # Go 1.26, net/net.go and net/dnsclient_unix.go; "Temporary failure in name resolution" is glibc's EAI_AGAIN.
    (
        r"no such host|name resolution|misbehaving|lookup ",
        _UNREACHABLE,
        "the node cannot resolve the name of {registry}",
    ),
    # Go 1.26, crypto/x509/verify.go, crypto/tls, net/http/client.go ("server gave HTTP response to HTTPS client").
    (r"x509|certificate|\btls\b|http response to https", _UNREACHABLE, "the TLS connection to {registry} fails"),
    # Linux, ECONNREFUSED by Go's syscall.Errno.
    (r"connection refused", _UNREACHABLE, "{registry} refuses connections"),
    # Linux, EHOSTUNREACH, ENETUNREACH and ECONNRESET, likewise.
    (r"no route|unreachable|connection reset", _UNREACHABLE, "the node has no connection to {registry}"),
    # Go 1.26, net/net.go ("i/o timeout"), net/http ("Client.Timeout exceeded"), context ("context deadline exceeded").
    (r"time.?out|deadline exceeded", _UNREACHABLE, "{registry} does not answer in time"),
    # containerd 2.4, core/images/image.go.
    (r"no match for platform", _ABSENT, "it does not exist for the platform of the node"),
    # containerd 2.4, core/remotes/docker/resolver.go ("…: not found"); distribution 2.8, registry/api/v2/errors.go
    # ("manifest unknown", "repository name not known to registry", code NAME_UNKNOWN).
    (
        r"\b404\b|not found|not exist|(?:manifest|name) unknown|name not known|no such manifest",
        _ABSENT,
        "{registry} does not have it",
    ),
    # containerd 2.4, core/remotes/errors/errors.go, with the names that net/http/status.go gives.
    (r"\b5\d\d\b (?:internal|bad|service|gateway)", _UNREACHABLE, "{registry} has an error of its own (5xx)"),
)
"""What container runtimes say (containerd, CRI-O), and what it means; the first that matches wins.

Rate limits go first, because registries dress them up as denials. Denials go before absence: a registry that hides
what it has says both at once.
"""

# Kubernetes 1.36, pkg/kubelet/images/image_manager.go.
_FAILED: Final = re.compile(r'^Failed to pull image "[^"]*": ')

_REGISTRY: Final = "{registry}"
"""Stands for the registry that the image is fetched from."""

_BACK_OFF: Final = re.compile(r'^Back-off pulling image "[^"]*"(?:: \w+: |$)')
"""The kubelet's wrapping of the last error while it waits; the error itself follows it."""

_ADDRESSES: Final = re.compile(r"https?://\S+")
_COMPILED: Final = tuple((re.compile(pattern, re.IGNORECASE), reason, text) for pattern, reason, text in _CAUSES)


def image_unavailable(pod: Pod) -> Finding | None:
    """The image is not found, not allowed, or out of reach."""
    for container in pod.containers:
        waiting = container.waiting
        if waiting is not None and waiting.reason in _WAITING:
            reason, detail = _cause(container, waiting.reason, waiting.message, _told(pod))
            detail = detail.replace(_REGISTRY, f"registry {quotable(registry_of(container.image))}")
            return Finding(
                reason,
                cause=(container.image, detail),
                happened=f'cannot get the image "{quotable(container.image)}"',
                detail=detail,
                remedy=_remedy(reason, detail, pod, container),
                since=failing_since(pod),
                pod=pod.name,
            )
    return None


def registry_of(image: str) -> str:
    """The registry that an image reference names; Docker Hub where it names none.

    Rule: github.com/distribution/reference. The part before the first slash is a host if it looks like one.
    """
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else "docker.io"


def _cause(container: Container, reason: str, message: str, told: str) -> tuple[Reason, str]:
    """`ErrImagePull` and `ImagePullBackOff` alternate for ever: both give the same answer.

    `told` is what an event says, for kubelets before 1.29, which say no more than that they back off.
    """
    if reason == "InvalidImageName":
        return Reason.INVALID_IMAGE_NAME, f"the name is no image reference: {quotable(message.rpartition(': ')[2])}"
    if reason in _REASONS:
        return _REASONS[reason]
    error = _BACK_OFF.sub("", message) or told
    bare = _without_names(error, container.image)
    for pattern, verdict, text in _COMPILED:
        if pattern.search(bare):
            return verdict, text
    if error:
        return _UNREACHABLE, quotable(error)
    return _UNREACHABLE, "the kubelet does not say why"


def _told(pod: Pod) -> str:
    failed = [event for event in pod.events if event.reason == "Failed" and _FAILED.match(event.message)]
    return _FAILED.sub("", max(failed, key=lambda event: event.last_seen).message) if failed else ""


def _without_names(error: str, image: str) -> str:
    """The error without the image and the address that it is fetched from: their names may hold any word."""
    error = _ADDRESSES.sub(" ", error)
    repository = image.partition("@")[0].rpartition(":")[0]
    for name in filter(None, (image, repository)):
        error = error.replace(name, " ")
    return error


def _remedy(reason: Reason, detail: str, pod: Pod, container: Container) -> str:
    registry = quotable(registry_of(container.image))
    where = f"ServiceAccount {pod.service_account or 'default'} in namespace {pod.namespace}"
    match reason:
        case Reason.INVALID_IMAGE_NAME:
            return "Correct spec.runtime.image: registry/repository:tag in lower case, or registry/repository@sha256:…"
        case Reason.IMAGE_NOT_FOUND:
            return "Set spec.runtime.image to an image that exists, or push this one."
        case Reason.IMAGE_NEVER_PULLED:
            return "Load the image on the node, or allow to fetch it by imagePullPolicy in spec.podTemplate."
        case Reason.IMAGE_UNAUTHORIZED if "signature" in detail:
            return "Use an image that is signed as the policy of the node demands, or change that policy."
        case Reason.REGISTRY_UNREACHABLE if "TLS" in detail:
            return (
                f"Let the container runtime of the node trust the certificate of {registry}; the kubelet keeps trying."
            )
        case Reason.IMAGE_UNAUTHORIZED:
            return f"Add a pull Secret for {registry} to imagePullSecrets of {where}."
        case Reason.REGISTRY_RATE_LIMITED:
            return f"Wait, mirror the image, or add a pull Secret for {registry} to imagePullSecrets of {where}."
        case Reason.NODE_DISK_FULL:
            return (
                f"Make room for images on the node, or use nodes with a larger disk: kubectl describe node {pod.node}"
            )
        case _:
            return f"See that the node can reach {registry}; the kubelet keeps trying."
