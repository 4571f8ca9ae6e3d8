"""The composition root: which parts there are, who starts when, and in which order they stop."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from modelservice_operator import __version__, http
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.credentials import load_access
from modelservice_operator.cluster.evidence import Gatherer
from modelservice_operator.cluster.freshness import Freshness
from modelservice_operator.cluster.leader import Elector, LeadershipLost
from modelservice_operator.cluster.pod_warnings import PodWarnings
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import LEASE, NODE, WATCHED, Resource
from modelservice_operator.cluster.resync import Resync
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.cluster.tenancy import Tenancy
from modelservice_operator.cluster.watch import SILENCE_LIMIT, Watch
from modelservice_operator.events import Recorder
from modelservice_operator.metrics import Metrics, Sources
from modelservice_operator.publish import Publisher
from modelservice_operator.reconcile import Reconciler
from modelservice_operator.records.pod import Pod
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.settings import Settings
from modelservice_operator.workers import Workers

logger = logging.getLogger(__name__)

STUCK: Final = 300.0
"""Seconds that one reconcile may take before the process counts as stuck: ten requests that all time out."""
DRAIN: Final = 2.0
"""Seconds that running reconciles get at shutdown, so that the standby has the Lease soon."""
WATCH_PATIENCE: Final = 5
"""How often within ten minutes the watch layer may fail before the process gives up, to be started anew."""
WATCH_BACKOFF: Final = 30.0
"""Seconds after which it is started again, at most."""


class App:
    """The parts of one operator process, wired together."""

    def __init__(
        self, settings: Settings, client: Client, lease_client: Client, metrics: Metrics, stop: asyncio.Event
    ) -> None:
        """Prepare; nothing runs yet. `stop` is set when the process was told to end.

        The Lease has a client of its own, which asks nobody whether it may write, and a connection that is known to be
        good or bad: of those that others have left open, all may be dead.
        """
        loop = asyncio.get_running_loop()
        self._settings = settings
        self._client = client
        self._metrics = metrics
        self._stop = stop
        self._leading = asyncio.Event()
        resources = tuple(resource for resource in WATCHED if _is_watched(resource, settings))
        self._tenancy = tenancy = Tenancy(
            settings.namespace_holder, settings.namespaces, clock=loop.time, now=lambda: datetime.now(UTC)
        )
        self._queue: KeyQueue[Key] = KeyQueue(clock=loop.time, observer=metrics.queue)
        self._store = Store(self._queue.add, self._pod_started, lambda claim, gone: tenancy.take(claim, gone=gone))
        self._freshness = Freshness(SILENCE_LIMIT, clock=loop.time)
        self._recorder = Recorder(client, clock=loop.time, on_drop=metrics.event_dropped)
        self._gatherer = Gatherer(
            client, self._queue.add, clock=loop.time, output=settings.pod_logs, on_full=metrics.evidence_refused
        )
        self._warnings = PodWarnings(client, settings.namespaces, self._gatherer.tell)
        runtimes = builtin()
        publisher = Publisher(
            client,
            self._store,
            runtimes,
            self._recorder,
            self._gatherer,
            clock=loop.time,
            crowded=self._queue.crowded,
        )
        reconciler = Reconciler(client, self._store, runtimes, publisher, wait=tenancy.wait)
        self._resync = Resync(
            client,
            self._store,
            self._queue,
            resources,
            settings.namespaces,
            period=settings.resync_seconds,
            on_missing=self._freshness.missing,
            on_period=reconciler.forget_refusals,
        )
        self._workers = Workers(
            self._queue,
            reconciler.reconcile,
            settings.workers,
            metrics,
            (self._resync.primed, self._leading),
            clock=loop.time,
        )
        self._watch = Watch(
            client,
            self._store,
            resources,
            settings.namespaces,
            self._freshness,
            on_relist=self._resync.relisted,
            on_start=lambda: _bind_signals(stop),
        )
        sources = Sources(self._queue, self._store.parents, self._freshness.ages, self._namespaces)
        metrics.expose(sources, workers=settings.workers)
        self._elector: Elector | None = None
        if settings.elects:
            self._elector = elector = Elector(lease_client, settings)
            client.may_write = lambda namespace: elector.leading and tenancy.serves(namespace)
        else:
            client.may_write = tenancy.serves

    async def run(self) -> int:
        """Run until SIGTERM, SIGINT, a lost Lease or a watch layer that keeps failing; returns the exit code."""
        async with http.serve(self._settings, self._metrics, healthy=self._complaints, ready=self._unready):
            workers = asyncio.create_task(self._workers.run(), name="workers")
            lead = asyncio.create_task(self._lead(), name="leader")
            events = asyncio.create_task(self._recorder.run(), name="events")
            evidence = asyncio.create_task(self._gatherer.run(), name="evidence")
            warnings = asyncio.create_task(self._follow_warnings(), name="warnings")
            tasks: set[asyncio.Task[Any]] = {
                asyncio.create_task(self._stop.wait(), name="stop"),
                asyncio.create_task(self._watch_forever(), name="watch"),
                asyncio.create_task(self._resync.run(), name="resync"),
                workers,
                lead,
                events,
                evidence,
                warnings,
            }
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            exit_code = _exit_code(done)
            if lead not in done:
                await self._drain(workers)
            await _cancel({workers, lead, events, evidence, warnings})
            if self._elector is not None:
                await self._elector.release()
            await _cancel(tasks)
        logger.info("Stopped.")
        return exit_code

    async def _lead(self) -> None:
        """Become the leader once the stores are primed, and stay it; ends with LeadershipLost only."""
        await self._resync.primed.wait()
        if self._elector is not None:
            await self._elector.acquire()
        scope = f"in {', '.join(self._settings.namespaces)}" if self._settings.namespaces else "in all namespaces"
        logger.info("Version %s looks after the ModelServices %s.", __version__, scope)
        self._metrics.leader(leading=True)
        self._leading.set()
        if self._elector is None:
            await asyncio.Event().wait()
        else:
            await self._elector.hold()

    async def _follow_warnings(self) -> None:
        """Only a leader has questions that they answer."""
        await self._leading.wait()
        await self._warnings.run()

    async def _watch_forever(self) -> None:
        """Keep the watch layer running: what it does not survive is logged, and it starts again from fresh lists."""
        loop = asyncio.get_running_loop()
        failures: list[float] = []
        while True:
            await self._resync.prime()
            self._tenancy.watching()
            self._resync.relisted()
            try:
                await self._watch.run()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                logger.warning("The watch layer failed and is started again: %s: %s", type(error).__name__, error)
            else:
                # kopf ends in good order only by a signal, which came before our handlers were bound again.
                self._stop.set()
                return
            _bind_signals(self._stop)
            now = loop.time()
            failures = [when for when in failures if now - when < 600] + [now]
            if len(failures) > WATCH_PATIENCE:
                raise RuntimeError(f"the watch layer failed {len(failures)} times in ten minutes")
            await asyncio.sleep(min(WATCH_BACKOFF, 2.0 ** len(failures)))

    async def _drain(self, workers: asyncio.Task[None]) -> None:
        """Let running reconciles end: a cancelled request may or may not have reached the API server."""
        self._workers.stop()
        busy = asyncio.create_task(self._queue.idle())
        await asyncio.wait({busy, workers}, timeout=DRAIN, return_when=asyncio.FIRST_COMPLETED)
        await _cancel({busy})

    def _complaints(self) -> list[str]:
        """What is wrong enough for the process to be started anew."""
        running = self._queue.longest_running()
        return [f"a reconcile has been running for {running:.0f} s"] if running > STUCK else []

    def _unready(self) -> list[str]:
        """Why the process cannot be relied on at the moment."""
        if not self._resync.primed.is_set():
            return [": ".join(filter(None, ("the stores are not primed yet", self._resync.trouble)))]
        return [*self._freshness.silent(), *self._tenancy.complaints()]

    def _pod_started(self, pod: Pod) -> None:
        if self._tenancy.serves(pod.namespace):
            self._metrics.pod_started(pod)

    def _namespaces(self) -> Iterator[tuple[str, str, bool]]:
        """Of each namespace that a Lease gives to someone: whom, and whether this process works there."""
        for namespace, holder, ours in self._tenancy.named():
            yield namespace, holder, ours and self._leading.is_set()


async def run(settings: Settings) -> int:
    """One operator process from start to end; returns its exit code.

    Raises:
        NoCredentials: there are none, or they cannot be read.
        CannotListen: the HTTP port cannot be had.
    """
    stop = asyncio.Event()
    _bind_signals(stop)
    metrics = Metrics()
    access = await load_access(settings.kubeconfig, settings.context)
    client, lease_client = Client(access, metrics), Client(access, metrics)
    try:
        return await App(settings, client, lease_client, metrics, stop).run()
    finally:
        await client.close()
        await lease_client.close()


def _is_watched(resource: Resource, settings: Settings) -> bool:
    if resource is LEASE:
        return bool(settings.namespace_holder or not settings.namespaces)
    return settings.watch_nodes or resource is not NODE


def _bind_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


def _exit_code(done: set[asyncio.Task[Any]]) -> int:
    """0 when we were asked to stop; 1, with a line in the log, when a part gave up."""
    code = 0
    for task in done:
        error = task.exception()
        if error is not None:
            logger.error(
                "Stopping: %s", error if isinstance(error, LeadershipLost) else f"{task.get_name()}: {error!r}"
            )
            code = 1
    return code


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
