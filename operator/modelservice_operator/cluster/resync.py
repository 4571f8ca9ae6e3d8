"""Lists: the barrier before the first reconcile, and the sweep for what no watch told of.

kopf never reports what was deleted while a stream was down, and an event that is lost on the way comes never again. So
after a stream listed anew, and from time to time anyway, the uids and versions that the API server has are compared
with those in the store.
"""

import asyncio
import contextlib
import logging
import random
import sys
from collections.abc import Callable, Collection
from typing import Final

from modelservice_operator import memory
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import MODEL_SERVICE, Resource
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.manifest import Manifest

logger = logging.getLogger(__name__)

SETTLE: Final = 5.0
"""Seconds after the first relisted object before the sweep, as the other streams list at the same time; and those in
which a watch may still tell what a sweep has seen."""
PRIME_AGAIN: Final = 0.5
"""Seconds until a list that failed is tried again, at first."""
FRESH: Final = 10.0
"""Seconds for which a list is as good as new, if another one fails."""
SWEEP_AGAIN: Final = 300.0
"""Seconds, at most, until what a sweep could not ask after is asked again."""


class Resync:
    """Primes and sweeps a store, and queues every key once per period."""

    def __init__(
        self,
        client: Client,
        store: Store,
        queue: KeyQueue[Key],
        resources: Collection[Resource],
        namespaces: Collection[str],
        *,
        period: float,
        on_missing: Callable[[str], None] = lambda _: None,
        on_period: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is asked yet.

        `on_missing` is told of a kind that is not served, `on_period` that every key is about to be queued.
        """
        self._client = client
        self._store = store
        self._queue = queue
        self._resources = resources
        self._namespaces = namespaces
        self._period = period
        self._on_missing = on_missing
        self._on_period = on_period
        self.trouble = ""
        """What keeps the stores from being primed."""
        self._relisted = asyncio.Event()
        self.primed = asyncio.Event()
        """Set once every kind was listed: what is not in the store did not exist."""

    async def prime(self) -> None:
        """List every kind into the store; does not return before all of it succeeded.

        What was listed a moment before a failure is not listed again: where every third request fails, a dozen in a
        row never succeed. What was listed earlier is: it would be old when the first reconcile begins.
        """
        clock = asyncio.get_running_loop().time
        listed: dict[Resource, float] = {}
        most, delay = 0, PRIME_AGAIN
        while left := [resource for resource in self._resources if resource not in listed]:
            try:
                await self._read(left[0])
            except (ApiError, ApiUnreachable) as error:
                self.trouble = str(error)
                logger.warning("Cannot list what there is, will try again in %.1f s: %s", delay, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 15.0)
                listed = {resource: at for resource, at in listed.items() if clock() - at < FRESH}
            else:
                listed[left[0]] = clock()
                if len(listed) > most:
                    most, delay = len(listed), PRIME_AGAIN
        self._relisted.clear()
        self.primed.set()

    def relisted(self) -> None:
        """A stream lists its objects anew."""
        if self.primed.is_set():
            self._relisted.set()

    async def run(self) -> None:
        """Sweep after relists and once per period; in that period every key is queued once. Until cancelled."""
        await self.primed.wait()
        clock = asyncio.get_running_loop().time
        due = clock() + self._spread_period()
        pause = SETTLE
        failed: Collection[Resource] = ()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(due, clock() + pause) if failed else due):
                    await self._relisted.wait()
            await asyncio.sleep(SETTLE)
            asked = failed if failed and not self._relisted.is_set() and clock() < due else self._resources
            self._relisted.clear()
            failed = await self.sweep(asked)
            if not failed:
                memory.give_back()
            pause = SETTLE if len(failed) < len(asked) else min(pause * 2, SWEEP_AGAIN)
            if failed and pause == SWEEP_AGAIN:
                logger.warning("Cannot compare %s with the API server.", ", ".join(kind.full_name for kind in failed))
            if clock() >= due:
                due = clock() + self._spread_period()
                self._on_period()
                for key in self._store.services():
                    self._queue.add(key, background=True)

    async def sweep(self, resources: Collection[Resource]) -> list[Resource]:
        """Forget what the API server no longer has, list anew what no watch told of; returns what could not be asked.

        The kinds fail one by one, for the reason that `prime` gives.
        """
        compared = {resource: await self._attempt(resource, metadata_only=True) for resource in resources}
        if any(compared.values()):
            await asyncio.sleep(SETTLE)
        failed = []
        for resource, unknown in compared.items():
            missed = [manifest for manifest in unknown or () if not self._store.knows(manifest)]
            if missed:
                logger.warning("No watch told of %d changes of %s: listing them.", len(missed), resource.full_name)
            if unknown is None or (missed and await self._attempt(resource) is None):
                failed.append(resource)
        return failed

    async def _attempt(self, resource: Resource, *, metadata_only: bool = False) -> list[Manifest] | None:
        """What `_read` returns; None where the API server could not be asked."""
        try:
            return await self._read(resource, metadata_only=metadata_only)
        except (ApiError, ApiUnreachable) as error:
            logger.info("%s is compared with the API server later: %s", resource.full_name, error)
            return None

    async def _read(self, resource: Resource, *, metadata_only: bool = False) -> list[Manifest]:
        """Make the store agree with lists of a kind in the namespaces that we serve.

        With `metadata_only` nothing is taken in, and what is not known in that version, or a later one, is returned.
        """
        namespaces: Collection[str | None] = (self._namespaces if resource.namespaced else ()) or (None,)
        live: set[str] = set()
        unknown: list[Manifest] = []
        version = sys.maxsize
        for namespace in namespaces:
            try:
                async for page in self._client.list_objects(resource, namespace, metadata_only=metadata_only):
                    version = min(version, page.resource_version)
                    live |= {item["metadata"]["uid"] for item in page.items}
                    for item in page.items:
                        if not metadata_only:
                            self._store.upsert(item)
                        elif not self._store.knows(item):
                            unknown.append(item)
            except ApiError as error:
                if error.status != 404 or resource is not MODEL_SERVICE or metadata_only:
                    # An API server that does not serve the kind yet, or no longer, says nothing about its objects.
                    raise
                self._on_missing(resource.full_name)
                logger.warning("The API server does not serve %s: install the CRD.", resource.full_name)
                if self._namespaces:
                    # kopf does not look for kinds that come later when it may only see given namespaces.
                    raise
        self._store.prune(resource.kind, live, version)
        return unknown

    def _spread_period(self) -> float:
        """The period, spread so that the operators of many clusters do not list at the same time."""
        return self._period * random.uniform(0.9, 1.1)  # noqa: S311 (no cryptography)
