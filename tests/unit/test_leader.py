import asyncio
import copy
import re
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.leader import Elector, LeadershipLost, micro_time
from modelservice_operator.manifest import Manifest
from modelservice_operator.settings import Settings

T = TypeVar("T")

SETTINGS = Settings.from_env({}, leader_election="on", leader_election_namespace="ops")
COLLECTION = "/apis/coordination.k8s.io/v1/namespaces/ops/leases"
PATH = f"{COLLECTION}/modelservice-operator"
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class VirtualSelector(selectors.SelectSelector):
    """Instead of waiting for time to pass, lets it have passed."""

    elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everything waits for something that never happens"
        self.elapsed += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.elapsed

    def run_in_executor(self, _executor: object, func: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """At once: no time passes while a thread works."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done


def in_virtual_time(scenario: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scenario)


def elapsed() -> float:
    return asyncio.get_running_loop().time()


def now() -> datetime:
    return NOON + timedelta(seconds=elapsed())


@dataclass
class FakeApi:
    """One Lease, as an API server keeps it."""

    lease: Manifest | None = None
    log: list[str] = field(default_factory=list)
    fail: Callable[[str], Exception | None] = lambda _: None
    version: int = 0
    answers_after: float = 0.01

    async def request(self, method: str, path: str, *, body: Manifest | None = None) -> Manifest:
        self.log.append(method)
        await asyncio.sleep(self.answers_after)
        error = self.fail(method)
        if error is not None:
            raise error
        return self.serve(method, path, body)

    def serve(self, method: str, path: str, body: Manifest | None) -> Manifest:
        assert path == (COLLECTION if method == "POST" else PATH)
        if method == "POST":
            if self.lease is not None:
                raise ApiError(409, "AlreadyExists")
            return self.store(body)
        if self.lease is None:
            raise ApiError(404, "NotFound")
        if method == "PUT":
            assert body is not None
            if body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
                raise ApiError(409, "Conflict")
            return self.store(body)
        return copy.deepcopy(self.lease)

    def store(self, body: Manifest | None) -> Manifest:
        assert body is not None
        assert body["metadata"]["name"] == "modelservice-operator"
        self.version += 1
        self.lease = copy.deepcopy(body)
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        return copy.deepcopy(self.lease)

    @property
    def spec(self) -> Manifest:
        assert self.lease is not None
        spec = self.lease["spec"]
        assert isinstance(spec, dict)
        return spec


def held_by(holder: str | None, **spec: object) -> FakeApi:
    """An API server with a Lease that another process left there."""
    record = {"holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 4, **spec}
    return FakeApi({"metadata": {"name": "modelservice-operator", "resourceVersion": "0"}, "spec": record})


def elector(api: FakeApi, identity: str = "a", sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> Elector:
    return Elector(api, SETTINGS, identity=identity, clock=elapsed, now=now, sleep=sleep, jitter=lambda: 1.0)


def test_a_missing_lease_is_created() -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        assert not candidate.leading
        await candidate.acquire()
        assert candidate.leading
        assert api.log == ["GET", "POST"]
        assert api.lease is not None
        assert (api.lease["apiVersion"], api.lease["kind"]) == ("coordination.k8s.io/v1", "Lease")
        assert api.spec == {
            "holderIdentity": "a",
            "leaseDurationSeconds": 15,
            "leaseTransitions": 0,
            "acquireTime": "2026-11-22T12:00:00.010000Z",
            "renewTime": "2026-11-22T12:00:00.010000Z",
        }

    in_virtual_time(scenario())


@pytest.mark.parametrize(
    ("api", "earliest", "latest"),
    [
        (held_by(""), 0, 0.1),
        (held_by(None), 0, 0.1),
        (held_by("a"), 0, 0.1),
        (held_by("dead"), 15, 15.1),
        (held_by("dead", leaseDurationSeconds=40), 40, 40.1),
        (held_by("dead", leaseDurationSeconds=None), 15, 15.1),
        (held_by("dead", renewTime="2001-01-01T00:00:00.000000Z"), 15, 15.1),
        (held_by("dead", renewTime="2099-01-01T00:00:00.000000Z"), 15, 15.1),
    ],
    ids=["released", "never held", "ours", "dead", "other duration", "no duration", "clock behind", "clock ahead"],
)
def test_when_a_lease_can_be_had(api: FakeApi, earliest: float, latest: float) -> None:
    async def scenario() -> None:
        await elector(api).acquire()
        assert earliest <= elapsed() <= latest
        assert api.spec["holderIdentity"] == "a"

    in_virtual_time(scenario())


def test_changes_of_holder_are_counted_and_what_others_wrote_is_kept() -> None:
    async def scenario() -> None:
        api = held_by("", preferredHolder="b")
        assert api.lease is not None
        api.lease["metadata"]["annotations"] = {"team": "ml"}
        candidate = elector(api)
        await candidate.acquire()
        assert api.spec["leaseTransitions"] == 5
        assert api.spec["preferredHolder"] == "b"
        assert api.lease["metadata"]["annotations"] == {"team": "ml"}
        await asyncio.wait([asyncio.ensure_future(candidate.hold())], timeout=20)
        assert api.spec["leaseTransitions"] == 5

    in_virtual_time(scenario())


def test_a_leader_renews_with_one_request_per_retry_period() -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        holding = asyncio.ensure_future(candidate.hold())
        await asyncio.wait([holding], timeout=60)
        assert candidate.leading
        assert set(api.log[2:]) == {"PUT"}
        assert len(api.log[2:]) == 29
        holding.cancel()

    in_virtual_time(scenario())


def test_an_edit_by_someone_else_costs_no_leadership() -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        holding = asyncio.ensure_future(candidate.hold())
        assert api.lease is not None
        api.store(api.lease | {"metadata": {"name": "modelservice-operator", "labels": {"seen": "yes"}}})
        await asyncio.wait([holding], timeout=60)
        assert candidate.leading
        assert api.lease["metadata"]["labels"] == {"seen": "yes"}
        holding.cancel()

    in_virtual_time(scenario())


def test_of_two_that_race_one_leads() -> None:
    async def scenario() -> None:
        for api in (FakeApi(), held_by("")):
            first, second = elector(api, "a"), elector(api, "b")
            racing = [asyncio.ensure_future(candidate.acquire()) for candidate in (first, second)]
            done, waiting = await asyncio.wait(racing, timeout=1)
            assert (len(done), len(waiting)) == (1, 1)
            assert first.leading != second.leading
            waiting.pop().cancel()

    in_virtual_time(scenario())


def test_a_standby_takes_over_from_a_leader_that_stops() -> None:
    async def scenario() -> None:
        api = FakeApi()
        leader, standby = elector(api, "a"), elector(api, "b")
        await leader.acquire()
        holding = asyncio.ensure_future(leader.hold())
        waiting = asyncio.ensure_future(standby.acquire())
        await asyncio.wait([waiting], timeout=60)
        assert not waiting.done()
        holding.cancel()
        await leader.release()
        stopped = elapsed()
        assert not leader.leading
        assert api.spec["holderIdentity"] == ""
        await waiting
        assert elapsed() - stopped < 3
        assert api.spec["leaseTransitions"] == 1

    in_virtual_time(scenario())


def test_a_standby_takes_over_from_a_leader_that_is_killed() -> None:
    async def scenario() -> None:
        api = FakeApi()
        leader, standby = elector(api, "a"), elector(api, "b")
        await leader.acquire()
        holding = asyncio.ensure_future(leader.hold())
        waiting = asyncio.ensure_future(standby.acquire())
        await asyncio.wait([waiting], timeout=60)
        holding.cancel()
        killed = elapsed()
        await waiting
        assert not leader.leading
        assert elapsed() - killed < 20

    in_virtual_time(scenario())


@pytest.mark.parametrize(
    "error", [ApiUnreachable("refused"), ApiError(500, "InternalError"), ApiError(403, "Forbidden"), ValueError("odd")]
)
def test_leadership_ends_at_the_deadline_when_renewals_fail(error: Exception) -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        acquired = elapsed()
        api.fail = lambda _: error
        with pytest.raises(LeadershipLost, match="the Lease ops/modelservice-operator could not be renewed for 10 s"):
            await candidate.hold()
        assert 9.9 < elapsed() - acquired <= 10
        assert not candidate.leading

    in_virtual_time(scenario())


def test_leadership_ends_at_the_deadline_when_the_api_server_hangs() -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        acquired = elapsed()
        api.answers_after = 3600
        with pytest.raises(LeadershipLost):
            await candidate.hold()
        assert elapsed() - acquired <= 10

    in_virtual_time(scenario())


def test_a_renewal_that_gets_no_answer_is_tried_again_in_time() -> None:
    """Its connection may be dead: with the settings by default there is a second left for another one."""

    class Deaf(FakeApi):
        async def request(self, method: str, path: str, *, body: Manifest | None = None) -> Manifest:
            self.answers_after = 3600 if len(self.log) % 3 == 2 else 0.01
            return await super().request(method, path, body=body)

    async def scenario() -> None:
        api = Deaf()
        candidate = elector(api)
        await candidate.acquire()
        holding = asyncio.create_task(candidate.hold())
        await asyncio.sleep(60)
        assert not holding.done()
        assert api.log[2:8] == ["PUT", "GET", "PUT"] * 2
        holding.cancel()

    in_virtual_time(scenario())


def test_the_deadline_counts_from_before_the_request() -> None:
    async def scenario() -> None:
        api = FakeApi(answers_after=4)
        candidate = elector(api)
        await candidate.acquire()
        asked, answered = 4, 8
        assert elapsed() == answered
        await asyncio.sleep(asked + 10 - answered - 0.1)
        assert candidate.leading
        await asyncio.sleep(0.2)
        assert not candidate.leading

    in_virtual_time(scenario())


def test_a_leader_that_slept_too_long_does_not_renew_first() -> None:
    async def scenario() -> None:
        api = FakeApi()

        async def oversleep(seconds: float) -> None:
            await asyncio.sleep(seconds + 12)

        candidate = elector(api, sleep=oversleep)
        await candidate.acquire()
        with pytest.raises(LeadershipLost):
            await candidate.hold()
        assert api.log == ["GET", "POST"]

    in_virtual_time(scenario())


def test_a_lease_taken_by_another_ends_leadership_at_once() -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        assert api.lease is not None
        api.store(api.lease | {"spec": api.spec | {"holderIdentity": "b"}})
        with pytest.raises(LeadershipLost, match="the Lease ops/modelservice-operator is now held by b"):
            await candidate.hold()
        assert not candidate.leading
        assert elapsed() < 5

    in_virtual_time(scenario())


def test_failures_delay_acquiring_but_never_end_it(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        api = FakeApi()
        api.fail = lambda _: ApiUnreachable("connection refused") if elapsed() < 100 else None
        await elector(api).acquire()
        assert 100 <= elapsed() < 103
        assert len(api.log) < 60

    in_virtual_time(scenario())
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "The Lease ops/modelservice-operator is neither taken nor renewed: connection refused"
    ]


def test_giving_back_is_left_alone_by_one_that_does_not_lead() -> None:
    async def scenario() -> None:
        api = held_by("b")
        await elector(api).release()
        assert api.log == []

    in_virtual_time(scenario())


def test_giving_back_what_was_lost_meanwhile_changes_nothing() -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        assert api.lease is not None
        api.store(api.lease | {"spec": api.spec | {"holderIdentity": "b"}})
        await candidate.release()
        assert api.spec["holderIdentity"] == "b"

    in_virtual_time(scenario())


def test_a_failure_to_give_back_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        api = FakeApi()
        candidate = elector(api)
        await candidate.acquire()
        api.fail = lambda _: ApiError(403, "Forbidden", "no")
        await candidate.release()
        assert not candidate.leading

    in_virtual_time(scenario())
    assert "The Lease ops/modelservice-operator was not given back, it will expire: 403 Forbidden: no" in caplog.text


def test_micro_time_has_six_digits_and_is_in_utc() -> None:
    assert micro_time(NOON) == "2026-11-22T12:00:00.000000Z"
    paris = timezone(timedelta(hours=1))
    assert micro_time(datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=paris)) == "2026-11-22T11:00:00.000001Z"


def test_identities_are_unique_and_name_the_host() -> None:
    names = [Elector(FakeApi(), SETTINGS).identity for _ in range(2)]
    assert names[0] != names[1]
    assert all(re.fullmatch(r".+_[0-9a-f]{8}-[0-9a-f-]{27}", name) for name in names)


STORM = 90.0
"""Seconds during which things go wrong in the property below."""
DELAYS = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0, 3.0, 9.0, 16.0, 40.0]), min_size=1, max_size=12)
FAULTS = st.lists(st.sampled_from(["", "", "", "refused", "lost"]), min_size=1, max_size=12)


@dataclass
class Troubled:
    """One candidate's way to the API server, and its scheduler: both stall and fail as they are told."""

    api: FakeApi
    pauses: list[float]
    latencies: list[float]
    faults: list[str]
    turn: int = 0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds + self.next(self.pauses, 0.0))

    async def request(self, method: str, path: str, *, body: Manifest | None = None) -> Manifest:
        fault, there, back = self.next(self.faults, ""), self.next(self.latencies, 0.0), self.next(self.latencies, 0.0)
        if fault == "refused":
            raise ApiUnreachable("refused")
        # The API server works on it even if the client no longer waits for the answer.
        answer = await asyncio.shield(asyncio.ensure_future(self.served(there, method, path, body)))
        if fault == "lost":
            raise ApiUnreachable("connection reset")
        await asyncio.sleep(back)
        return answer

    async def served(self, latency: float, method: str, path: str, body: Manifest | None) -> Manifest:
        await asyncio.sleep(0.001 + latency)
        return self.api.serve(method, path, body)

    def next(self, schedule: list[T], calm: T) -> T:
        self.turn += 1
        return schedule[self.turn % len(schedule)] if elapsed() < STORM else calm


@settings(max_examples=60, deadline=None)
@given(
    troubles=st.lists(st.tuples(DELAYS, DELAYS, FAULTS), min_size=2, max_size=3),
    released=st.lists(st.booleans(), min_size=1, max_size=5),
    jitter=st.floats(0, 1),
)
def test_never_do_two_lead_and_after_the_storm_one_does(
    troubles: list[tuple[list[float], list[float], list[str]]], released: list[bool], jitter: float
) -> None:
    async def scenario() -> None:
        api = FakeApi()
        leading: dict[int, Elector] = {}

        async def live(number: int) -> None:
            """One process after the other in the same place, each stopped cleanly, killed or lost to its own fault."""
            link = Troubled(api, *troubles[number])
            for life in range(1000):
                candidate = leading[number] = Elector(
                    link,
                    SETTINGS,
                    identity=f"{number}-{life}",
                    clock=lambda: elapsed() + 1000 * number,
                    now=lambda: now() - timedelta(hours=number),
                    sleep=link.sleep,
                    jitter=lambda: jitter,
                )
                await candidate.acquire()
                holding = asyncio.ensure_future(candidate.hold())
                await asyncio.wait([holding], timeout=None if elapsed() > STORM else 20)
                holding.cancel()
                await asyncio.gather(holding, return_exceptions=True)
                if released[life % len(released)]:
                    await candidate.release()

        lives = [asyncio.ensure_future(live(number)) for number in range(len(troubles))]
        while elapsed() < STORM + 60:
            await asyncio.sleep(0.05)
            assert sum(candidate.leading for candidate in leading.values()) <= 1
        assert sum(candidate.leading for candidate in leading.values()) == 1
        for task in lives:
            task.cancel()
        await asyncio.gather(*lives, return_exceptions=True)

    in_virtual_time(scenario())
