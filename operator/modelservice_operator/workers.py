"""The workers: take a key, reconcile it, and see to it that what failed is tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from modelservice_operator import logs
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.store import Key
from modelservice_operator.metrics import Metrics

logger = logging.getLogger(__name__)

PATIENCE: Final = 2.0
"""Seconds after which a worker that waits for an answer, such as that of a webhook, is replaced, at the earliest."""
UNUSUAL: Final = 10
"""How many times as long as usual it has waited then: an API server that is slow for all gets no more to do."""
REPLACEMENTS: Final = 240
"""How many workers may be replaced at the same time."""


class Workers:
    """A number of tasks over one queue. One that has had its key for long does not count: others are not held up."""

    def __init__(
        self,
        queue: KeyQueue[Key],
        reconcile: Callable[[Key], Awaitable[float | None]],
        count: int,
        metrics: Metrics,
        gates: Collection[asyncio.Event],
        *,
        clock: Callable[[], float],
    ) -> None:
        """Prepare; nothing runs yet. No key is taken before all gates are open.

        `reconcile` returns the seconds after which a key comes again, 0 for as soon as no other waits, None for not.
        """
        self._gates = gates
        self._queue = queue
        self._reconcile = reconcile
        self._count = count
        self._metrics = metrics
        self._clock = clock
        self._stopping = False
        self._slow: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._usual = 0.0
        """Seconds that a turn took lately, on average."""

    async def run(self) -> None:
        """Work until cancelled, or until `stop` and the end of what is under way."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._work(group))

    def stop(self) -> None:
        """Take no further keys."""
        self._stopping = True

    async def _work(self, group: asyncio.TaskGroup) -> None:
        for gate in self._gates:
            await gate.wait()
        while not self._stopping:
            key = await self._queue.take()
            started = self._clock()
            self._watch(group, key, started)
            try:
                if not self._stopping:
                    with logs.object_context(key.namespace, key.name):
                        await self._turn(key)
            finally:
                if timer := self._timers.pop(key, None):
                    timer.cancel()
                self._queue.done(key)
            if key in self._slow:
                self._slow.discard(key)
                return
            self._usual += (self._clock() - started - self._usual) / UNUSUAL

    def _watch(self, group: asyncio.TaskGroup, key: Key, started: float) -> None:
        """In time, let another one take further keys; the one that has this key ends with it."""
        left = started + max(PATIENCE, UNUSUAL * self._usual) - self._clock()
        if left > 0:
            self._timers[key] = asyncio.get_running_loop().call_later(left, self._watch, group, key, started)
        elif len(self._slow) < REPLACEMENTS:
            self._slow.add(key)
            group.create_task(self._work(group))

    async def _turn(self, key: Key) -> None:
        started = self._clock()
        self._metrics.reconcile_started()
        result = "error"
        try:
            after = await self._reconcile(key)
            self._queue.forget(key)
            result = "success" if after is None else "requeue_after"
            if after == 0:
                self._queue.add(key, background=True)
            elif after is not None:
                self._queue.add_after(key, after)
        except (ApiError, ApiUnreachable) as error:
            delay = self._queue.retry(key, (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0)
            logger.warning("Will try again in %.1f s: %s", delay, error)
        except Exception:
            delay = self._queue.retry(key)
            logger.exception("A reconcile failed in a way that nobody foresaw; will try again in %.1f s.", delay)
        finally:
            self._metrics.reconcile_finished(result, self._clock() - started)
