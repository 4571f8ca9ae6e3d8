"""The queue: no key twice at once, no change lost, back-off that grows and is forgotten."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.cluster.queue import STARVING, KeyQueue


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> KeyQueue[str]:
    return KeyQueue(clock=clock, jitter=lambda: 1.0)


async def take_now(queue: KeyQueue[str]) -> str | None:
    """The next key, or None when a worker would have to wait."""
    task = asyncio.ensure_future(queue.take())
    for _ in range(3):
        await asyncio.sleep(0)
    if task.done():
        return task.result()
    task.cancel()
    return None


async def test_a_key_is_queued_once(queue: KeyQueue[str]) -> None:
    for _ in range(3):
        queue.add("a")
    assert await take_now(queue) == "a"
    assert await take_now(queue) is None


async def test_live_keys_go_before_background_ones_and_promote_them(queue: KeyQueue[str]) -> None:
    queue.add("resync-1", background=True)
    queue.add("resync-2", background=True)
    queue.add("live")
    queue.add("resync-2")
    assert [await take_now(queue) for _ in range(4)] == ["live", "resync-2", "resync-1", None]


async def test_a_key_that_changes_while_worked_on_comes_again_after_done(queue: KeyQueue[str]) -> None:
    queue.add("a")
    assert await take_now(queue) == "a"
    queue.add("a")
    assert await take_now(queue) is None, "two workers would have the same key"
    queue.done("a")
    assert await take_now(queue) == "a"


async def test_delays_wait_for_the_clock_and_the_earliest_counts(queue: KeyQueue[str], clock: Clock) -> None:
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    assert await take_now(queue) is None
    clock.now = 5
    assert await take_now(queue) == "a"
    queue.done("a")
    clock.now = 20
    assert await take_now(queue) is None, "the later delay was replaced by the earlier one"


async def test_a_later_delay_does_not_put_off_an_earlier_one(queue: KeyQueue[str], clock: Clock) -> None:
    queue.add_after("a", 5)
    queue.add_after("a", 10)
    clock.now = 5
    assert await take_now(queue) == "a"
    queue.done("a")
    clock.now = 10
    assert await take_now(queue) is None


async def test_back_off_doubles_is_capped_and_forgotten(queue: KeyQueue[str]) -> None:
    assert [queue.retry("a") for _ in range(3)] == [0.1, 0.2, 0.4]
    for _ in range(20):
        last = queue.retry("a")
    assert last == 120.0
    queue.forget("a")
    assert queue.retry("a") == 0.1
    assert queue.retry("b", at_least=7.0) == pytest.approx(7.7), "Retry-After is obeyed"


async def test_no_news_come_before_the_time_that_the_api_server_named(queue: KeyQueue[str], clock: Clock) -> None:
    queue.add_after("a", 2.0)
    queue.retry("a", at_least=10.0)
    queue.add("a")
    clock.now = 2.0
    assert await take_now(queue) is None, "what was due earlier waits too"
    clock.now = 11.0
    assert await take_now(queue) == "a"
    queue.add("a")
    queue.done("a")
    assert await take_now(queue) == "a", "the time is over"
    queue.done("a")
    queue.retry("a", at_least=10.0)
    queue.forget("a")
    queue.add("a")
    assert await take_now(queue) == "a", "it succeeded meanwhile"


async def test_a_failed_key_with_news_does_not_wait(queue: KeyQueue[str], clock: Clock) -> None:
    queue.retry("a")
    queue.add("a")
    assert await take_now(queue) == "a"


async def test_a_waiting_worker_wakes_for_a_delay(queue: KeyQueue[str], clock: Clock) -> None:
    waiting = asyncio.ensure_future(queue.take())
    await asyncio.sleep(0)
    queue.add_after("a", 0.0)
    assert await waiting == "a"


async def test_news_of_a_key_that_waits_takes_no_room(queue: KeyQueue[str]) -> None:
    """A standby takes no keys for weeks, while everything changes."""
    queue.add("resync", background=True)
    for _ in range(1000):
        queue.add("a")
        queue.add("resync")
    assert len(queue) == 2
    assert len(queue._live) + len(queue._background) == 2


async def test_a_key_in_delay_is_taken_earlier_when_there_is_news(queue: KeyQueue[str], clock: Clock) -> None:
    queue.add_after("a", 10)
    queue.add("a")
    assert await take_now(queue) == "a"
    queue.done("a")
    clock.now = 10
    assert await take_now(queue) == "a", "the look that was asked for still comes"


async def test_background_keys_wake_a_waiting_worker_too(queue: KeyQueue[str]) -> None:
    waiting = asyncio.ensure_future(queue.take())
    await asyncio.sleep(0)
    queue.add("a", background=True)
    assert await waiting == "a"


async def test_every_waiting_worker_gets_a_key(queue: KeyQueue[str]) -> None:
    waiting = [asyncio.ensure_future(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for key in "abc":
        queue.add(key)
    assert sorted(await asyncio.gather(*waiting)) == ["a", "b", "c"]


async def test_a_worker_that_is_cancelled_takes_no_key_with_it(queue: KeyQueue[str]) -> None:
    waiting = asyncio.ensure_future(queue.take())
    await asyncio.sleep(0)
    waiting.cancel()
    queue.add("a")
    assert await take_now(queue) == "a"


async def test_idle_waits_for_the_last_worker(queue: KeyQueue[str]) -> None:
    await queue.idle()
    queue.add("a")
    queue.add("b")
    for key in "ab":
        assert await take_now(queue) == key
    idle = asyncio.ensure_future(queue.idle())
    for key in "ab":
        await asyncio.sleep(0)
        assert not idle.done()
        queue.done(key)
    await idle


async def test_how_long_workers_have_had_their_keys(queue: KeyQueue[str], clock: Clock) -> None:
    assert (queue.longest_running(), queue.unfinished()) == (0.0, 0.0)
    for start, key in ((0.0, "a"), (4.0, "b")):
        clock.now = start
        queue.add(key)
        await take_now(queue)
    clock.now = 10.0
    assert (queue.longest_running(), queue.unfinished()) == (10.0, 16.0)
    queue.done("a")
    assert (queue.longest_running(), queue.unfinished()) == (6.0, 6.0)


async def test_how_long_the_oldest_key_has_waited_and_how_many_fail(queue: KeyQueue[str], clock: Clock) -> None:
    assert (queue.oldest(), queue.failing()) == (0.0, 0)
    queue.add("a", background=True)
    clock.now = 4.0
    queue.add("b")
    clock.now = 10.0
    assert queue.oldest() == 10.0
    assert await take_now(queue) == "b"
    queue.retry("b")
    assert (queue.oldest(), queue.failing()) == (10.0, 1)
    assert await take_now(queue) == "a"
    queue.forget("b")
    assert (queue.oldest(), queue.failing()) == (0.0, 0)


async def test_an_observer_is_told() -> None:
    told: list[tuple[str, float]] = []

    class Observer:
        def added(self) -> None:
            told.append(("added", 0.0))

        def taken(self, waited: float) -> None:
            told.append(("taken", waited))

        def done(self, worked: float) -> None:
            told.append(("done", worked))

        def retried(self) -> None:
            told.append(("retried", 0.0))

    clock = Clock()
    queue: KeyQueue[str] = KeyQueue(clock=clock, observer=Observer())
    queue.add("a")
    queue.add("a")
    clock.now = 2.0
    await take_now(queue)
    clock.now = 5.0
    queue.retry("a")
    queue.done("a")
    assert told == [("added", 0.0), ("taken", 2.0), ("retried", 0.0), ("done", 3.0)]


@given(st.lists(st.sampled_from(["add a", "add b", "take", "done"]), max_size=60))
def test_no_key_is_worked_on_twice_at_once_and_none_is_lost(actions: list[str]) -> None:
    async def play() -> None:
        queue: KeyQueue[str] = KeyQueue(clock=Clock())
        running: list[str] = []
        unseen: set[str] = set()
        for action in actions:
            match action.split():
                case ["add", key]:
                    queue.add(key)
                    unseen.add(key)
                case ["take"]:
                    key_or_none = await take_now(queue)
                    if key_or_none is not None:
                        assert key_or_none not in running
                        running.append(key_or_none)
                        unseen.discard(key_or_none)
                case ["done"] if running:
                    queue.done(running.pop(0))
        for key in running:
            queue.done(key)
        for key in iter_taken([await take_now(queue) for _ in range(4)]):
            unseen.discard(key)
        assert not unseen

    asyncio.run(play())


def iter_taken(taken: list[str | None]) -> Iterator[str]:
    return (key for key in taken if key is not None)


async def test_it_is_crowded_while_live_changes_wait() -> None:
    queue: KeyQueue[str] = KeyQueue(clock=lambda: 0.0)
    queue.add("a", background=True)
    assert not queue.crowded()
    queue.add("b")
    assert queue.crowded()
    assert await queue.take() == "b"
    assert not queue.crowded()


async def test_what_comes_back_in_the_background_waits_for_live_changes_but_not_for_ever() -> None:
    now = [0.0]
    queue: KeyQueue[str] = KeyQueue(clock=lambda: now[0])
    for key in "ab":
        queue.add(key)
        assert await queue.take() == key
    queue.add("a", background=True)
    queue.add("b", background=True)
    queue.add("b")
    queue.add("c")
    queue.done("a")
    queue.done("b")
    assert [await queue.take() for _ in "cba"] == ["c", "b", "a"], "a live change while it ran makes it live"
    queue.add("a", background=True)
    queue.done("a")
    now[0] += STARVING
    queue.add("d")
    assert [await queue.take() for _ in "ad"] == ["a", "d"]
