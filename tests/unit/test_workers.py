"""The workers, in virtual time."""

import asyncio
import functools
import itertools
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import pytest

from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.store import Key
from modelservice_operator.metrics import Metrics
from modelservice_operator.workers import Workers
from unit.test_leader import elapsed, in_virtual_time

A: Final = Key("ml", "a")
B: Final = Key("ml", "b")
C: Final = Key("ml", "c")
S = TypeVar("S", bound="Stage")
Outcome = float | None | Exception


class Stage:
    """Two workers over a queue, and what they did: when, and with which key."""

    def __init__(self, *outcomes: Outcome, takes: float = 0.0, count: int = 2, base: float = 0.05) -> None:
        self.queue: KeyQueue[Key] = KeyQueue(clock=elapsed, base=base, jitter=lambda: 1.0)
        self.metrics = Metrics()
        self.primed, self.leading = asyncio.Event(), asyncio.Event()
        self.outcomes = list(outcomes)
        self.takes = takes
        self.turns: list[tuple[float, Key]] = []
        self.most = self._running = 0
        self.workers = Workers(
            self.queue, self.reconcile, count, self.metrics, (self.primed, self.leading), clock=elapsed
        )

    async def reconcile(self, key: Key) -> float | None:
        self.turns.append((round(elapsed(), 3), key))
        self._running += 1
        self.most = max(self.most, self._running)
        await asyncio.sleep(self.takes)
        self._running -= 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def results(self) -> dict[str, float]:
        """How many reconciles ended in which way."""
        values = {
            result: self.metrics.registry.get_sample_value(
                "controller_runtime_reconcile_total", {"controller": "modelservice", "result": result}
            )
            for result in ("success", "requeue_after", "error")
        }
        return {result: value for result, value in values.items() if value}


def play(stage: Callable[[], S], scenario: Callable[[S], Awaitable[None]]) -> S:
    """Let the workers run while a scenario does, with all gates open."""

    async def everything() -> S:
        made = stage()
        made.primed.set()
        made.leading.set()
        await running(made, scenario(made))
        return made

    return in_virtual_time(everything())


async def running(stage: Stage, scenario: Awaitable[None]) -> None:
    task = asyncio.create_task(stage.workers.run())
    try:
        await scenario
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def for_a_while(stage: Stage) -> None:
    stage.queue.add(A)
    await asyncio.sleep(100)


def times(stage: Stage) -> list[float]:
    return [when for when, _ in stage.turns]


def test_what_succeeds_is_done_once() -> None:
    stage = play(lambda: Stage(None), for_a_while)
    assert stage.turns == [(0.0, A)]
    assert stage.results() == {"success": 1}


def test_what_gives_way_comes_again_as_soon_as_no_other_waits() -> None:
    async def three(stage: Stage) -> None:
        for key in (A, B, C):
            stage.queue.add(key)
        await asyncio.sleep(100)

    stage = play(lambda: Stage(0.0, 0.0, None, None, None, count=1, takes=1.0), three)
    assert stage.turns == [(0.0, A), (1.0, B), (2.0, C), (3.0, A), (4.0, B)]


def test_what_asks_for_a_later_look_gets_it() -> None:
    stage = play(lambda: Stage(30.0, 0.5, None), for_a_while)
    assert times(stage) == [0.0, 30.0, 30.5]
    assert stage.results() == {"success": 1, "requeue_after": 2}


@pytest.mark.parametrize(
    "error", [ApiError(503), ApiUnreachable("away"), ValueError("nobody foresaw this")], ids=lambda error: str(error)
)
def test_what_fails_is_tried_again_with_back_off_that_a_success_ends(error: Exception) -> None:
    stage = play(lambda: Stage(error, error, error, 10.0, error), for_a_while)
    assert times(stage) == [0.0, 0.1, 0.3, 0.7, 10.7, 10.8]
    assert stage.results() == {"error": 4, "requeue_after": 1, "success": 1}


def test_the_api_server_says_when_to_come_again() -> None:
    stage = play(lambda: Stage(ApiError(429, retry_after=7.0)), for_a_while)
    first, second = times(stage)
    assert first + 7.0 <= second < first + 8.0


def test_what_nobody_foresaw_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    play(lambda: Stage(ValueError("odd"), ApiError(503, "ServiceUnavailable", "busy")), for_a_while)
    unforeseen, expected = (record for record in caplog.records if record.name.endswith("workers"))
    assert unforeseen.levelno == logging.ERROR
    assert unforeseen.exc_info is not None
    assert (expected.levelno, expected.exc_info) == (logging.WARNING, None)
    assert expected.getMessage() == "Will try again in 0.2 s: 503 ServiceUnavailable: busy"


def test_workers_work_side_by_side_but_never_on_the_same_key() -> None:
    async def scenario(stage: Stage) -> None:
        for key in (A, B, Key("ml", "c")):
            stage.queue.add(key)
        await asyncio.sleep(1)
        stage.queue.add(A)
        await asyncio.sleep(100)

    stage = play(lambda: Stage(takes=1.5), scenario)
    assert stage.turns == [(0.0, A), (0.0, B), (1.5, Key("ml", "c")), (1.5, A)]
    assert stage.most == 2


def test_what_waits_for_an_answer_does_not_hold_up_the_others() -> None:
    keys = [Key("ml", str(number)) for number in range(5)]

    async def scenario(stage: Stage) -> None:
        for key in keys:
            stage.queue.add(key)
        await asyncio.sleep(100)
        stage.takes = 1.0
        for key in keys:
            stage.queue.add(key)
        await asyncio.sleep(100)

    stage = play(lambda: Stage(takes=30.0), scenario)
    assert times(stage) == [0.0, 0.0, 2.0, 2.0, 4.0, 100.0, 100.0, 101.0, 101.0, 102.0], "two again, once all is quick"


def test_when_all_is_slow_there_are_no_more_workers_than_before() -> None:
    async def scenario(stage: Stage) -> None:
        for takes, number in ((1.9, 8), (3.0, 4)):
            stage.takes, start = takes, elapsed()
            for index in range(number):
                stage.queue.add(Key("ml", f"{start}-{index}"))
            await asyncio.sleep(100)

    stage = play(Stage, scenario)
    assert times(stage)[8:] == [100.0, 100.0, 103.0, 103.0]
    assert stage.most == 2


@pytest.mark.parametrize("late", ["primed", "leading"])
def test_no_key_is_taken_before_every_gate_is_open(late: str) -> None:
    async def scenario() -> Stage:
        stage = Stage()
        gates = {"primed": stage.primed, "leading": stage.leading}
        for name, gate in gates.items():
            if name != late:
                gate.set()
        await running(stage, opened(stage, gates[late]))
        return stage

    async def opened(stage: Stage, gate: asyncio.Event) -> None:
        stage.queue.add(A)
        await asyncio.sleep(60)
        gate.set()
        await asyncio.sleep(1)

    assert in_virtual_time(scenario()).turns == [(60.0, A)]


def test_stop_ends_what_is_under_way_and_begins_nothing() -> None:
    async def scenario(stage: Stage) -> None:
        for key in (A, B):
            stage.queue.add(key)
        await asyncio.sleep(1)
        stage.workers.stop()
        await stage.queue.idle()
        assert elapsed() == 10.0
        await asyncio.sleep(100)

    stage = play(lambda: Stage(takes=10.0, count=1), scenario)
    assert stage.turns == [(0.0, A)]
    assert stage.results() == {"success": 1}


def test_a_key_that_comes_after_stop_is_not_worked_on() -> None:
    async def scenario(stage: Stage) -> None:
        await asyncio.sleep(1)
        stage.workers.stop()
        stage.queue.add(A)
        await asyncio.sleep(1)
        await stage.queue.idle()

    assert play(Stage, scenario).turns == []


def test_a_worker_that_is_cancelled_ends() -> None:
    async def scenario() -> tuple[int, float]:
        stage = Stage(takes=1000.0)
        stage.primed.set()
        stage.leading.set()
        await running(stage, for_a_while(stage))
        await stage.queue.idle()
        active = stage.metrics.registry.get_sample_value(
            "controller_runtime_active_workers", {"controller": "modelservice"}
        )
        return len(stage.turns), active or 0.0

    assert in_virtual_time(scenario()) == (1, 0.0)


REFUSALS: Final = (
    ApiError(403, "Forbidden", "exceeded quota"),
    ApiError(500, "", "webhook"),
    ApiError(409, "Conflict"),
)


class Crowd(Stage):
    """A thousand keys, of which some always fail; one of the others has news sixteen times a second.

    All times are sums of powers of two, so that none is rounded and a timer is never a little early.
    """

    def __init__(self, failing: int) -> None:
        super().__init__(count=16, base=1 / 16)
        self.keys = [Key("ml", str(number)) for number in range(1000)]
        self.failing = dict(zip(self.keys[:failing], itertools.cycle(REFUSALS), strict=False))
        self.waits: list[float] = []
        self.added: dict[Key, float] = {}

    async def reconcile(self, key: Key) -> float | None:
        self.turns.append((elapsed(), key))
        self.waits += [elapsed() - self.added.pop(key)] if key in self.added else []
        await asyncio.sleep(1 / 64)
        if key in self.failing:
            raise self.failing[key]
        return None

    async def news(self) -> None:
        for key in self.keys:
            self.queue.add(key)
        await asyncio.sleep(10)
        for key in self.keys[50:] * 2:
            self.added[key] = elapsed()
            self.queue.add(key)
            await asyncio.sleep(1 / 16)


def test_fifty_of_a_thousand_that_fail_hold_up_no_other_and_back_off_each_for_itself() -> None:
    well, ill = (play(functools.partial(Crowd, failing), Crowd.news) for failing in (0, 50))
    assert len(ill.waits) == len(well.waits) == 1900
    assert max(ill.waits) == max(well.waits) == 0.0
    tries = Counter(key for _, key in ill.turns)
    assert {tries[key] for key in ill.keys[50:]} == {3}
    assert all(10 <= tries[key] <= 12 for key in ill.failing), "in 105 s: 0.1, 0.2, 0.4 … s"
