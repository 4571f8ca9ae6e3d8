"""What can go wrong when talking to the API server."""

from dataclasses import dataclass
from typing import Final

from modelservice_operator.diagnose.reasons import Reason


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

    `status` is the HTTP status, `reason` and `message` are those of its Status answer, `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: int,
        reason: str = "",
        message: str = "",
        *,
        causes: tuple[Cause, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        words = message if len(message) <= MESSAGE_LIMIT else f"{message[:MESSAGE_LIMIT]}…"
        super().__init__(f"{status} {reason}: {words}" if reason else f"{status}: {words}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retry_after = retry_after


class ApiUnreachable(ConnectionError):
    """No answer came: refused, reset, timed out, or not HTTP."""


class NoCredentials(Exception):
    """There is no way to know which cluster to talk to, or as whom; the message says what to do."""


class Gone(Exception):
    """The ModelService is gone, or its namespace is going: there is nothing left to do."""


class Blocked(Exception):
    """Something on the side of the cluster or of the spec keeps a ModelService from being brought about.

    `stalled` says that no retry repairs it before an input changes. `retry` is in seconds; None waits for an event.
    """

    def __init__(
        self, reason: Reason, message: str, remedy: str, *, stalled: bool = False, retry: float | None = None
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.remedy = remedy
        self.stalled = stalled
        self.retry = retry


_BAD_INTENT = (
    "failed to create typed patch object",
    "failed to convert new object",
    "request is too large",
    "duplicate entries for key",
)
"""What the API server says, with status 500, of an intent that it will never accept (seen on 1.36)."""


def is_terminal(error: ApiError) -> bool:
    """The same request will be refused for ever."""
    if error.status in {400, 413, 422}:
        return True
    return error.status == 500 and any(text in error.message for text in _BAD_INTENT)


def namespace_is_gone(error: ApiError) -> bool:
    """The namespace terminates, or is not there any more."""
    if any(cause.reason == "NamespaceTerminating" for cause in error.causes):
        return True
    return error.status == 404 and error.message.startswith("namespaces ")


def refused(kind: str, error: ApiError) -> Blocked:
    """What a terminal error of the API server means for a ModelService: its words, and no further try."""
    return Blocked(
        Reason.INVALID_SPEC,
        f"the API server refuses the {kind}: {error.message[:MESSAGE_LIMIT]}",
        "Correct the field of the spec that the message names.",
        stalled=True,
    )
