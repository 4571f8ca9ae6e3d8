import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause
from modelservice_operator.events import Event, Recorder, transition_events
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.parent import Parent

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 13, 0, 0, tzinfo=UTC)
CRASHING = Event("Warning", "CrashLooping", "1 of 2 pods crashes.")
READY = Event("Normal", "Ready", "All replicas serve.")


def status(ready: str, reason: str, *, stalled: str = "", problems: tuple[str, ...] = ()) -> Manifest:
    """A status with the given `Ready`, with `Stalled=True` for a reason, and with problems."""
    return {
        "conditions": [
            {"type": "Ready", "status": ready, "reason": reason, "message": f"Ready says {reason}."},
            {
                "type": "Stalled",
                "status": "True" if stalled else "False",
                "reason": stalled or "AsExpected",
                "message": f"Stalled says {stalled}.",
            },
        ],
        "problems": [{"reason": name, "message": f"It is {name}.", "remedy": f"Mend {name}."} for name in problems],
    }


PENDING: Manifest = {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Pending", "message": ""}]}
STARTING = status("Unknown", "Starting")
SERVING = status("True", "ReplicasReady")
SUSPENDED = status("True", "Suspended")
ZERO = status("True", "ScaledToZero")
CRASHED = status("False", "CrashLooping", problems=("CrashLooping",))
CRASHED_AND_FULL = status("False", "CrashLooping", problems=("CrashLooping", "QuotaExceeded"))
CONFLICT = status("False", "NameConflict", stalled="NameConflict", problems=("NameConflict",))
LATE = status("False", "CrashLooping", stalled="ProgressDeadlineExceeded", problems=("CrashLooping",))


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        ({}, STARTING, []),
        (PENDING, STARTING, []),
        (STARTING, STARTING, []),
        (STARTING, SERVING, [("Normal", "Ready", "Ready says ReplicasReady.")]),
        (SERVING, SERVING, []),
        (SERVING, STARTING, []),
        (PENDING, SUSPENDED, [("Normal", "Suspended", "Ready says Suspended.")]),
        (SERVING, SUSPENDED, [("Normal", "Suspended", "Ready says Suspended.")]),
        (SUSPENDED, ZERO, [("Normal", "ScaledToZero", "Ready says ScaledToZero.")]),
        (SUSPENDED, SERVING, [("Normal", "Ready", "Ready says ReplicasReady.")]),
        (STARTING, CRASHED, [("Warning", "CrashLooping", "It is CrashLooping. Mend CrashLooping.")]),
        (CRASHED, CRASHED, []),
        (CRASHED, CRASHED_AND_FULL, [("Warning", "QuotaExceeded", "It is QuotaExceeded. Mend QuotaExceeded.")]),
        (CRASHED_AND_FULL, CRASHED, []),
        (CRASHED, STARTING, []),
        (CRASHED, SERVING, [("Normal", "Ready", "Ready says ReplicasReady.")]),
        (SERVING, status("False", "NodeLost"), [("Warning", "NodeLost", "Ready says NodeLost.")]),
        (STARTING, CONFLICT, [("Warning", "NameConflict", "It is NameConflict. Mend NameConflict.")]),
        (
            CRASHED,
            LATE,
            [("Warning", "ProgressDeadlineExceeded", "Stalled says ProgressDeadlineExceeded.")],
        ),
    ],
)
def test_transitions(before: Manifest, after: Manifest, events: list[tuple[str, str, str]]) -> None:
    assert transition_events(before, after) == events


@dataclass
class FakeApi:
    """The Events of an API server, by path."""

    events: dict[str, Manifest] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def request(
        self, method: str, path: str, *, body: Manifest | None = None, content_type: str = "application/json"
    ) -> Manifest:
        self.log.append(method)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        if method == "POST":
            assert body is not None
            path = f"{path}/{body['metadata']['name']}"
            if path in self.events:
                raise ApiError(409, "AlreadyExists")
            self.events[path] = copy.deepcopy(body)
        elif path not in self.events:
            raise ApiError(404, "NotFound", f'events "{path}" not found')
        if method == "PATCH":
            assert body is not None
            assert content_type == "application/merge-patch+json"
            self.events[path] |= body
        return self.events[path]

    def only(self) -> Manifest:
        (event,) = self.events.values()
        return event


def model_service(name: str = "qwen3-8b", uid: str = "u1") -> Parent:
    return Parent.from_manifest({"metadata": {"namespace": "ml", "name": name, "uid": uid}})


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Bench:
    """A recorder at work, and what it talks to."""

    api: FakeApi
    recorder: Recorder
    clock: Clock
    dropped: list[int]

    async def settle(self) -> None:
        """Wait until everything that was recorded is written or given up."""
        for _ in range(1000):
            await asyncio.sleep(0)


@asynccontextmanager
async def bench(api: FakeApi | None = None, backlog: int = 1000) -> AsyncIterator[Bench]:
    api, clock, dropped = api or FakeApi(), Clock(), list[int]()
    recorder = Recorder(api, clock=clock, on_drop=lambda: dropped.append(1), backlog=backlog)
    running = asyncio.ensure_future(recorder.run())
    try:
        yield Bench(api, recorder, clock, dropped)
    finally:
        running.cancel()


async def test_the_first_time_an_event_is_created() -> None:
    async with bench() as it:
        it.recorder.record(model_service(), CRASHING, NOON)
        await it.settle()
        assert it.api.log == ["POST"]
        (path,) = it.api.events
        event = it.api.only()
        assert path == f"/api/v1/namespaces/ml/events/{event['metadata']['name']}"
        assert event["metadata"]["name"].startswith("qwen3-8b.")
        assert event["metadata"]["namespace"] == "ml"
        assert event["involvedObject"] == {
            "apiVersion": "modelservice.dev/v1alpha1",
            "kind": "ModelService",
            "namespace": "ml",
            "name": "qwen3-8b",
            "uid": "u1",
        }
        assert (event["type"], event["reason"], event["message"]) == CRASHING
        assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
            1,
            "2026-11-22T12:00:00Z",
            "2026-11-22T12:00:00Z",
        )
        assert event["source"] == {"component": "modelservice-operator"}


async def test_again_it_is_counted_up_with_one_request() -> None:
    async with bench() as it:
        it.recorder.record(model_service(), CRASHING, NOON)
        it.recorder.record(model_service(), CRASHING._replace(message="2 of 2 pods crash."), LATER)
        await it.settle()
        assert it.api.log == ["POST", "PATCH"]
        event = it.api.only()
        assert (event["count"], event["message"]) == (2, "2 of 2 pods crash.")
        assert (event["firstTimestamp"], event["lastTimestamp"]) == ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")


async def test_after_a_restart_it_is_counted_on() -> None:
    async with bench() as before:
        before.recorder.record(model_service(), CRASHING, NOON)
        before.recorder.record(model_service(), CRASHING, NOON)
        await before.settle()
    before.api.log.clear()
    async with bench(before.api) as it:
        it.recorder.record(model_service(), CRASHING, LATER)
        it.recorder.record(model_service(), CRASHING, LATER)
        await it.settle()
        assert it.api.log == ["POST", "PATCH", "PATCH", "PATCH"]
        assert it.api.only()["count"] == 4


async def test_an_expired_event_begins_anew() -> None:
    async with bench() as it:
        it.recorder.record(model_service(), CRASHING, NOON)
        await it.settle()
        it.api.events.clear()
        it.recorder.record(model_service(), CRASHING, LATER)
        await it.settle()
        assert it.api.log == ["POST", "PATCH", "POST"]
        assert (it.api.only()["count"], it.dropped) == (1, [])


async def test_names_differ_by_object_and_reason() -> None:
    async with bench() as it:
        it.recorder.record(model_service(uid="u1"), CRASHING, NOON)
        it.recorder.record(model_service(uid="u1"), READY, NOON)
        it.recorder.record(model_service(uid="u2"), READY, NOON)
        await it.settle()
        assert len(it.api.events) == 3


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("x" * 1024, "x" * 1024),
        ("x" * 1025, "x" * 1021 + "…"),
        ("é" * 513, "é" * 510 + "…"),
    ],
)
async def test_long_messages_are_cut_to_1024_bytes(message: str, written: str) -> None:
    async with bench() as it:
        it.recorder.record(model_service(), CRASHING._replace(message=message), NOON)
        await it.settle()
        assert it.api.only()["message"] == written
        assert len(written.encode()) <= 1024


async def test_one_object_cannot_flood() -> None:
    async with bench() as it:
        for _ in range(40):
            it.recorder.record(model_service(uid="u1"), CRASHING, NOON)
        it.recorder.record(model_service(uid="u2"), CRASHING, NOON)
        await it.settle()
        assert sorted(event["count"] for event in it.api.events.values()) == [1, 25]
        assert len(it.dropped) == 15
        it.clock.seconds = 299
        it.recorder.record(model_service(uid="u1"), CRASHING, NOON)
        assert len(it.dropped) == 16
        it.clock.seconds = 300
        it.recorder.record(model_service(uid="u1"), CRASHING, NOON)
        assert len(it.dropped) == 16


async def test_of_too_many_the_oldest_are_dropped() -> None:
    async with bench(backlog=2) as it:
        for number in range(5):
            it.recorder.record(model_service(f"m{number}", uid=str(number)), READY, NOON)
        await it.settle()
        assert [event["involvedObject"]["name"] for event in it.api.events.values()] == ["m3", "m4"]
        assert len(it.dropped) == 3


async def test_failures_are_logged_once_until_it_goes_well_again(caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as it:
        it.api.failures = [ApiUnreachable("refused"), ApiUnreachable("refused"), ApiUnreachable("refused")]
        for number in range(4):
            it.recorder.record(model_service(uid=str(number)), READY, NOON)
        await it.settle()
        assert len(it.api.events) == 1
        assert len(it.dropped) == 3
        assert len(caplog.records) == 1
        assert "An Event was not written, and others like it will be dropped quietly: refused" in caplog.text
        it.api.failures = [ApiUnreachable("refused")]
        it.recorder.record(model_service(), READY, NOON)
        await it.settle()
        assert len(caplog.records) == 2


@pytest.mark.parametrize(
    "error",
    [
        ApiError(403, "Forbidden", "it is being terminated", causes=(Cause("NamespaceTerminating", "", ""),)),
        ApiError(404, "NotFound", 'namespaces "ml" not found'),
    ],
)
async def test_a_namespace_that_goes_is_no_news(error: ApiError, caplog: pytest.LogCaptureFixture) -> None:
    async with bench(FakeApi(failures=[error])) as it:
        it.recorder.record(model_service(), READY, NOON)
        await it.settle()
        assert it.api.events == {}
        assert caplog.records == []


async def test_recording_never_waits() -> None:
    recorder = Recorder(FakeApi(), clock=Clock(), backlog=1)
    for number in range(10):
        recorder.record(model_service(uid=str(number)), READY, NOON)


async def test_much_is_remembered_but_not_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelservice_operator.events.MEMORY", 2)
    async with bench() as it:
        for uid in ("u1", "u2", "u1", "u3", "u1", "u2"):
            it.recorder.record(model_service(uid=uid), READY, NOON)
        await it.settle()
        assert it.api.log == ["POST", "POST", "PATCH", "POST", "PATCH", "POST", "PATCH", "PATCH"]
