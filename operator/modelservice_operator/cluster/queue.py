"""The queue of keys to work on: each key once, by one worker at a time, with delays and back-off.

A key that is added while a worker has it is marked and queued again when the worker is done, so no change is lost.
"""

import asyncio
import contextlib
import heapq
import itertools
import random
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

K = TypeVar("K")

STARVING: Final = 30.0
"""Seconds after which a background key goes before live changes."""


class QueueObserver(Protocol):
    """Told what happens in a queue, for metrics. All times are in seconds."""

    def added(self) -> None:
        """A key was queued that was not queued before."""

    def taken(self, waited: float) -> None:
        """A worker took a key that had waited this long."""

    def done(self, worked: float) -> None:
        """A worker finished with a key after this long."""

    def retried(self) -> None:
        """A key will be tried again after a failure."""


class _NoObserver:
    def added(self) -> None: ...
    def taken(self, waited: float) -> None: ...
    def done(self, worked: float) -> None: ...
    def retried(self) -> None: ...


class KeyQueue(Generic[K]):
    """A queue with set semantics and two priorities; `clock` is monotonic, in seconds.

    Failed keys wait `base * 2**n`, at most `cap`, of which the last half is random.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        observer: QueueObserver | None = None,
        base: float = 0.05,
        cap: float = 120.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._observer = observer or _NoObserver()
        self._base, self._cap, self._jitter = base, cap, jitter
        self._live: dict[K, None] = {}
        self._background: dict[K, None] = {}
        self._queued: dict[K, float] = {}
        self._running: dict[K, float] = {}
        self._dirty: dict[K, bool] = {}
        """Running keys that were added meanwhile, and whether that is for the background alone."""
        self._failures: dict[K, int] = {}
        self._delayed: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        self._barred: dict[K, float] = {}
        """Keys that the API server told us not to come with before a time."""
        self._sequence = itertools.count()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queued)

    def crowded(self) -> bool:
        """Live changes wait for a worker."""
        return bool(self._live)

    def add(self, key: K, *, background: bool = False) -> None:
        """Queue a key. Live changes go before background ones (resync, first statuses); a queued key may be promoted.

        A key that has to wait because the API server said so is queued when that time has come.
        """
        if key in self._running:
            self._dirty[key] = background and self._dirty.get(key, True)
            return
        if self._barred.get(key, 0.0) > self._clock():
            self.add_after(key, self._barred[key] - self._clock())
            return
        if key in self._queued:
            if not background and key in self._background:
                del self._background[key]
                self._live[key] = None
            return
        self._queued[key] = self._clock()
        (self._background if background else self._live)[key] = None
        self._observer.added()
        self._wake.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Queue a key later; of several such calls for a key the earliest counts."""
        due = self._clock() + seconds
        if due < self._due.get(key, float("inf")):
            self._due[key] = due
            heapq.heappush(self._delayed, (due, next(self._sequence), key))
            self._wake.set()

    def retry(self, key: K, at_least: float = 0.0) -> float:
        """Queue a failed key after its back-off (and not before `at_least` seconds); returns the delay."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        back_off = min(self._cap, self._base * 2.0 ** min(failures, 32)) * (0.5 + self._jitter() / 2)
        delay = max(at_least * (1.0 + self._jitter() / 10), back_off)
        if at_least:
            self._barred[key] = self._clock() + delay
        self.add_after(key, delay)
        self._observer.retried()
        return delay

    def forget(self, key: K) -> None:
        """The key succeeded, or is gone: its back-off starts anew."""
        self._failures.pop(key, None)
        self._barred.pop(key, None)

    async def take(self) -> K:
        """Wait for a key and take it; `done` must follow."""
        while True:
            key = self._next()
            if key is not None:
                return key
            self._wake.clear()
            wait = max(0.0, self._delayed[0][0] - self._clock()) if self._delayed else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    def done(self, key: K) -> None:
        """The worker is finished with the key; if it was added meanwhile, it is queued again."""
        self._observer.done(self._clock() - self._running.pop(key))
        self._idle.set()
        background = self._dirty.pop(key, None)
        if background is not None:
            self.add(key, background=background)

    async def idle(self) -> None:
        """Wait until no worker has a key."""
        while self._running:
            self._idle.clear()
            await self._idle.wait()

    def longest_running(self) -> float:
        """For how long the slowest worker has had its key; 0 when all are idle."""
        return max((self._clock() - since for since in self._running.values()), default=0.0)

    def oldest(self) -> float:
        """For how long the key has waited that has waited longest; 0 when none waits."""
        since = next(iter(self._queued.values()), None)
        return 0.0 if since is None else self._clock() - since

    def failing(self) -> int:
        """How many keys are tried again and again, because the last try failed."""
        return len(self._failures)

    def unfinished(self) -> float:
        """Sum of the times that workers have had their present keys."""
        return sum(self._clock() - since for since in self._running.values())

    def _next(self) -> K | None:
        now = self._clock()
        while self._delayed and self._delayed[0][0] <= now:
            due, _, key = heapq.heappop(self._delayed)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)
        line = self._background if self._starves(now) else self._live or self._background
        if not line:
            return None
        key = next(iter(line))
        del line[key]
        self._running[key] = now
        self._observer.taken(now - self._queued.pop(key))
        if self._queued:
            self._wake.set()
        return key

    def _starves(self, now: float) -> bool:
        oldest = next(iter(self._background), None)
        return oldest is not None and now - self._queued[oldest] >= STARVING
