"""Events: the end of `kubectl describe`. Few, on transitions only, and never in the way of work."""

import asyncio
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from modelservice_operator import api, conditions
from modelservice_operator.cluster.client import MERGE_PATCH
from modelservice_operator.cluster.errors import ApiError, namespace_is_gone
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest, digest
from modelservice_operator.plan.names import FIELD_MANAGER
from modelservice_operator.records.parent import Parent

logger = logging.getLogger(__name__)

V = TypeVar("V")

MESSAGE_LIMIT: Final = 1024
"""Bytes: what the `note` of an events.k8s.io Event may have, which is the same object."""
BURST: Final = 25
REFILL_SECONDS: Final = 300.0
"""Events that one object may have at once, and seconds until it gets one more: the limits of client-go."""
BACKLOG: Final = 1000
"""Events that may wait to be written."""
MEMORY: Final = 4096
"""Objects, and Events, that are remembered."""

AT_REST: Final = frozenset({Reason.SUSPENDED, Reason.SCALED_TO_ZERO})
"""Reasons for which Ready is True although nothing runs."""


class Event(NamedTuple):
    """What happened to an object."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


class EventClient(Protocol):
    """The part of the API client that the recorder needs."""

    async def request(
        self, method: str, path: str, *, body: Manifest | None = None, content_type: str = "application/json"
    ) -> Manifest:
        """One request; raises ApiError for an error answer, and other exceptions when no answer came."""
        ...


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."


def transition_events(before: Manifest, after: Manifest) -> list[Event]:
    """The Events that a change of status is worth. Pure.

    * Warning, for each reason that now stands in `problems`, in `Ready=False` or in `Stalled=True` and did not before.
    * Normal `Ready`, when Ready becomes True; `Suspended` or `ScaledToZero` when that is why it is True.

    Nothing else: a healthy start has no Event before its replicas serve.
    """
    known = _warnings(before)
    events = [Event("Warning", reason, message) for reason, message in _warnings(after).items() if reason not in known]
    success = _success(after)
    if success is not None and success.reason != getattr(_success(before), "reason", None):
        events.append(success)
    return events


def _warnings(status: Manifest) -> dict[str, str]:
    """What is wrong, by reason, worst first."""
    problems: list[Manifest] = status.get("problems") or []
    found = {problem["reason"]: f"{_sentence(problem['message'])} {problem['remedy']}" for problem in problems}
    for condition_type, bad in ((conditions.READY, "False"), (conditions.STALLED, "True")):
        condition = conditions.find(status, condition_type)
        if condition.get("status") == bad:
            found.setdefault(condition["reason"], condition["message"])
    return found


def _success(status: Manifest) -> Event | None:
    if not conditions.is_true(status, conditions.READY):
        return None
    ready = conditions.find(status, conditions.READY)
    return Event("Normal", ready["reason"] if ready["reason"] in AT_REST else conditions.READY, ready["message"])


@dataclass(frozen=True, slots=True)
class _Note:
    """An Event that waits to be written."""

    namespace: str
    name: str
    uid: str
    event: Event
    at: str

    @property
    def event_name(self) -> str:
        """One name per object and reason: what happens again is counted up, not piled up."""
        return f"{self.name}.{digest([self.uid, self.event.reason])[:16]}"


class Recorder:
    """Writes Events in the background, one at a time. What cannot be written is dropped: nothing ever waits for it."""

    def __init__(
        self,
        client: EventClient,
        *,
        clock: Callable[[], float],
        on_drop: Callable[[], None] = lambda: None,
        backlog: int = BACKLOG,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            client: sends the requests.
            clock: monotonic, in seconds, for the limit per object.
            on_drop: called for each Event that is given up.
            backlog: how many Events may wait; beyond that the oldest is dropped.
        """
        self._client = client
        self._clock = clock
        self._on_drop = on_drop
        self._instance = socket.gethostname()
        self._queue: asyncio.Queue[_Note] = asyncio.Queue(backlog)
        self._counts: _Recent[int] = _Recent()
        self._tokens: _Recent[tuple[float, float]] = _Recent()
        self._complaint = ""

    def record(self, regarding: Parent, event: Event, now: datetime) -> None:
        """Have an Event written soon. Returns at once."""
        if not self._allowed(regarding.uid):
            self._on_drop()
            return
        if self._queue.full():
            self._queue.get_nowait()
            self._on_drop()
        at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._queue.put_nowait(_Note(regarding.namespace, regarding.name, regarding.uid, event, at))

    async def run(self) -> None:
        """Write until cancelled. Whatever goes wrong is logged once, until it goes well again."""
        while True:
            note = await self._queue.get()
            try:
                await self._write(note)
                self._complaint = ""
            except Exception as error:
                self._on_drop()
                self._complain(error)

    def _allowed(self, uid: str) -> bool:
        """Take a token from the object's bucket, if there is one."""
        now = self._clock()
        tokens, since = self._tokens.get(uid) or (float(BURST), now)
        tokens = min(float(BURST), tokens + (now - since) / REFILL_SECONDS)
        allowed = tokens >= 1
        self._tokens.put(uid, (tokens - 1 if allowed else tokens, now))
        return allowed

    async def _write(self, note: _Note) -> None:
        """Count the Event up, or create it; expired ones (after an hour, as a rule) begin anew."""
        collection = f"/api/v1/namespaces/{note.namespace}/events"
        path = f"{collection}/{note.event_name}"
        count = self._counts.get(path)
        if count is not None and await self._count_up(path, note, count + 1):
            return
        try:
            await self._client.request("POST", collection, body=self._body(note))
            self._counts.put(path, 1)
            return
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        # Written before this process began: the answer to a patch tells the count, so nobody has to be allowed to read.
        stored = await self._client.request("PATCH", path, body={"lastTimestamp": note.at}, content_type=MERGE_PATCH)
        await self._count_up(path, note, int(stored.get("count") or 1) + 1)

    async def _count_up(self, path: str, note: _Note, count: int) -> bool:
        """False when there is no such Event any more."""
        patch: Manifest = {"count": count, "lastTimestamp": note.at, "message": _cut(note.event.message)}
        try:
            await self._client.request("PATCH", path, body=patch, content_type=MERGE_PATCH)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        self._counts.put(path, count)
        return True

    def _body(self, note: _Note) -> Manifest:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": note.event_name, "namespace": note.namespace},
            "involvedObject": {
                "apiVersion": api.API_VERSION,
                "kind": api.KIND,
                "namespace": note.namespace,
                "name": note.name,
                "uid": note.uid,
            },
            "type": note.event.type,
            "reason": note.event.reason,
            "message": _cut(note.event.message),
            "count": 1,
            "firstTimestamp": note.at,
            "lastTimestamp": note.at,
            "source": {"component": FIELD_MANAGER},
            "reportingComponent": FIELD_MANAGER,
            "reportingInstance": self._instance,
        }

    def _complain(self, error: Exception) -> None:
        if isinstance(error, ApiError) and namespace_is_gone(error):
            return
        kind = f"{error.status} {error.reason}" if isinstance(error, ApiError) else type(error).__name__
        if kind != self._complaint:
            self._complaint = kind
            logger.warning("An Event was not written, and others like it will be dropped quietly: %s", error or kind)


class _Recent(Generic[V]):
    """A dictionary that holds what was put last, and forgets the rest."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, V] = OrderedDict()

    def get(self, key: str) -> V | None:
        return self._entries.get(key)

    def put(self, key: str, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > MEMORY:
            self._entries.popitem(last=False)


def _cut(message: str) -> str:
    """At most MESSAGE_LIMIT bytes of UTF-8, with an ellipsis where something is missing."""
    data = message.encode()
    if len(data) <= MESSAGE_LIMIT:
        return message
    ellipsis = "…"
    return data[: MESSAGE_LIMIT - len(ellipsis.encode())].decode(errors="ignore") + ellipsis
