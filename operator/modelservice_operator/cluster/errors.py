"""What can go wrong when talking to the API server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from modelservice_operator.blocked import Blocked, poll_interval
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.words import quotable
from modelservice_operator.plan.origin import origin_of


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of `details.causes` in a Status answer."""

    reason: str
    field: str
    message: str


MESSAGE_LIMIT: Final = 1000
"""Characters of an answer that go into logs and conditions: some quote the whole object."""


class ApiError(Exception):
    """The API server answered, and not with success.

    `status` is the HTTP status, `reason` and `message` are those of its Status answer, `name` is that of the object
    which it is about, empty where it is about none, and `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: int,
        reason: str = "",
        message: str = "",
        *,
        causes: tuple[Cause, ...] = (),
        name: str = "",
        retry_after: float | None = None,
    ) -> None:
        words = message if len(message) <= MESSAGE_LIMIT else f"{message[:MESSAGE_LIMIT]}…"
        super().__init__(f"{status} {reason}: {words}" if reason else f"{status}: {words}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.name = name
        self.retry_after = retry_after


class ApiUnreachable(ConnectionError):
    """No answer came: refused, reset, timed out, or not HTTP."""


class NoCredentials(Exception):
    """There is no way to know which cluster to talk to, or as whom; the message says what to do."""


class InvalidName(ValueError):
    """No object has such a name, and the path of a request with it leads elsewhere; the message says what is wrong."""


class Gone(Exception):
    """The ModelService is gone, or its namespace is going: there is nothing left to do."""


_TOO_LARGE = ("request is too large", "trying to send message larger than max")
"""What etcd says of an object, and etcd's client of a request."""

_BAD_INTENT = (
    "failed to create typed patch object",
    "failed to convert new object",
    "duplicate entries for key",
    *_TOO_LARGE,
)
"""What the API server says, with status 500, of an intent that it will never accept (seen on 1.36)."""


_NO_ADDRESS = "failed to allocate IP: "
"""What the API server says, with status 422, of a Service for which it found no address, for whatever reason: also when
etcd does not answer (seen on 1.36). We ask for no address of our own choice, so nothing in the spec is to blame."""

_DENIED = ("denied request", "denied the request")
"""What ValidatingAdmissionPolicies and admission webhooks say, with whatever status they choose."""

_PASSING = frozenset({404, 409, 410, 429, 503, 504})
"""Somebody was faster, or the API server is busy."""


def is_absence(error: ApiError) -> bool:
    """There is no such object. A 404 that names none is about the path: the kind is not served, at least not here."""
    return error.status == 404 and bool(error.name)


def is_terminal(error: ApiError) -> bool:
    """The same request will be refused for ever, as far as can be known."""
    if error.status in {400, 413, 422}:
        return not (error.message.startswith("Service ") and _NO_ADDRESS in error.message)
    return error.status == 500 and any(text in error.message for text in _BAD_INTENT)


def namespace_is_gone(error: ApiError) -> bool:
    """The namespace terminates, or is not there any more."""
    if any(cause.reason == "NamespaceTerminating" for cause in error.causes):
        return True
    return error.status == 404 and error.message.startswith("namespaces ")


def judge(kind: str, error: ApiError) -> Blocked | None:
    """What an error at a write of an object of this kind means for its ModelService.

    None for errors that pass by themselves or with the next event, or go with the namespace: nothing need be said.
    """
    if namespace_is_gone(error):
        return None
    words = error.message[:MESSAGE_LIMIT]
    # What differs from one try to the next, such as a port, would make a new status of each.
    steady = quotable(error.message, MESSAGE_LIMIT)
    if any(text in error.message for text in _DENIED):
        return Blocked(
            Reason.ADMISSION_DENIED,
            f"an admission policy denies the {kind}: {steady}.",
            "Change the spec so that the policy admits it, or ask whoever owns the policy that the message names.",
            retry=poll_interval(),
        )
    if is_terminal(error):
        return Blocked(
            Reason.INVALID_SPEC,
            f"the API server refuses the {kind}: {words}",
            _correction(kind, error),
            stalled=True,
        )
    if error.status == 403:
        return _forbidden(kind, words)
    if error.status in _PASSING:
        return None
    return Blocked(
        Reason.REQUEST_FAILED,
        f"the API server fails at the {kind}: {steady}.",
        "It is tried again. If it stays, look at what the message names, such as an admission webhook.",
    )


@contextmanager
def judging(kind: str) -> Iterator[None]:
    """Writes of objects of this kind, whose errors are raised as what they mean.

    Raises:
        Blocked: the API server, or a policy, refuses it.
        ApiError: worth a retry.
    """
    try:
        yield
    except ApiError as error:
        refusal = judge(kind, error)
        if refusal is None:
            raise
        raise refusal from error


def _correction(kind: str, error: ApiError) -> str:
    """What to change: the message speaks of fields of the child, which a user does not write."""
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or any(text in error.message for text in _TOO_LARGE):
        return f"Make the spec smaller: the {kind} is made from it, and no object may have more than 1.5 MiB."
    origins = {origin_of(kind, cause.field) for cause in error.causes}
    fields = sorted(origin for origin in origins if origin)
    if fields and None not in origins:
        return f"Correct {' and '.join(fields)}: what the message names comes from there."
    return f"The {kind} is made from the spec: correct there what the message names."


def _forbidden(kind: str, words: str) -> Blocked:
    if "exceeded quota" in words:
        return Blocked(
            Reason.QUOTA_EXCEEDED,
            f"the namespace's quota leaves no room for the {kind}: {words}",
            "Raise the ResourceQuota, or remove what is no longer needed in the namespace.",
            retry=poll_interval(),
        )
    return Blocked(
        Reason.FORBIDDEN,
        f"the operator lacks a right that it needs for the {kind}: {words}",
        "Grant the operator's ServiceAccount what the message names; the chart's ClusterRole has all that it needs.",
        retry=poll_interval(),
    )
