"""The queue: no key twice at once, no change lost, back-off that grows and is forgotten."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.cluster.queue import KeyQueue


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


async def test_back_off_doubles_is_capped_and_forgotten(queue: KeyQueue[str]) -> None:
    assert [queue.retry("a") for _ in range(3)] == [0.1, 0.2, 0.4]
    for _ in range(20):
        last = queue.retry("a")
    assert last == 120.0
    queue.forget("a")
    assert queue.retry("a") == 0.1
    assert queue.retry("b", at_least=7.0) == pytest.approx(7.7), "Retry-After is obeyed"


async def test_a_waiting_worker_wakes_for_a_delay(queue: KeyQueue[str], clock: Clock) -> None:
    waiting = asyncio.ensure_future(queue.take())
    await asyncio.sleep(0)
    queue.add_after("a", 0.0)
    assert await waiting == "a"


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
