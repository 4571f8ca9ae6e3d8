"""Evidence about pods that do not explain themselves, gathered beside reconciling: their events, and their output.

Requests go out a few at a time, each pod's with back-off. What is known of a pod is dropped when it is gone or well;
beyond `CAPACITY` pods the others go without, so that nothing is asked for anew because something else was forgotten.
"""

import asyncio
import functools
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from modelservice_operator.cluster.dossier import Dossier
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import EVENT, POD
from modelservice_operator.cluster.store import Key
from modelservice_operator.diagnose.evidence import Evidence, Kind, Question, is_pulling, kept_events, with_event
from modelservice_operator.diagnose.excerpt import excerpt
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import items
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import PodEvent, pod_event

logger = logging.getLogger(__name__)

CAPACITY: Final = 4096
"""Pods of which something is remembered: 7 KB for one that crashed, 30 MB for as many."""
CONCURRENCY: Final = 3
"""Requests at the same time."""
EVENT_LIMIT: Final = 100
"""Events of one pod that are read; the API server keeps them for an hour."""
LINES: Final = 200
BYTES: Final = 64 * 1024
"""How much of an output is read at most."""
DURING_PULL: Final = 300.0
"""Seconds until the events of a pod are asked for again whose image is being fetched."""
WHEN_FORBIDDEN: Final = 600.0
"""Seconds until something is asked for again in a namespace where the operator may not read it."""
WHEN_BUSY: Final = 5.0
"""Seconds for which a worker rests when the API server is busy and does not say for how long."""

_NOT_THERE: Final = frozenset({400, 404})
"""The pod is gone, or the container has no such run."""


class EvidenceClient(Protocol):
    """The part of the API client that is needed here. Raises ApiError and ApiUnreachable."""

    async def request(self, method: str, path: str, *, query: Mapping[str, str] | None = None) -> Manifest:
        """One request, its answer parsed."""
        ...

    async def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """GET of plain text."""
        ...


class Gatherer:
    """Asks what pods raise, in the background, and keeps the answers."""

    def __init__(
        self,
        client: EvidenceClient,
        on_news: Callable[[Key], None],
        *,
        clock: Callable[[], float],
        output: bool = False,
        capacity: int = CAPACITY,
        on_full: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            client: sends the requests.
            on_news: called with the key of a ModelService when something was asked for one of its pods.
            clock: monotonic, in seconds.
            output: containers' output may be read.
            capacity: pods of which something is remembered.
            on_full: called for a pod in trouble about which nothing is asked, as there is no room for it.
        """
        self._client = client
        self._on_news = on_news
        self._clock = clock
        self.output = output
        self._capacity = capacity
        self._on_full = on_full
        self._full = False
        self._dossiers: dict[str, Dossier] = {}
        self._idle: dict[str, None] = {}
        """Those of them that may go, longest idle first."""
        self._uids: dict[Key, set[str]] = {}
        self._queue: KeyQueue[str] = KeyQueue(clock=clock)
        self._forbidden: dict[tuple[Kind, str], float] = {}
        self._warned: set[Kind] = set()

    def known(self, pod: Pod) -> Evidence | None:
        """What was learnt about a pod."""
        dossier = self._dossiers.get(pod.uid)
        return dossier.evidence if dossier is not None else None

    def tell(self, namespace: str, uid: str, event: PodEvent) -> None:
        """An Event about some pod was written; it counts where the pod raises a question that events answer.

        Whoever may write Events in another namespace has no say: the API server checks the namespace, not the uid.
        """
        dossier = self._dossiers.get(uid)
        if dossier is not None and dossier.key.namespace == namespace and dossier.asks(Kind.EVENTS):
            told = with_event(dossier.evidence.events, event)
            dossier.evidence = Evidence(told, dossier.evidence.output)
            self._on_news(dossier.key)

    def want(self, key: Key, raised: Iterable[tuple[Pod, tuple[Question, ...]]]) -> None:
        """The pods of a ModelService, all of them, each with the questions that it raises now. Returns at once."""
        now = self._clock()
        there: set[str] = set()
        for pod, questions in raised:
            there.add(pod.uid)
            dossier = self._dossiers.get(pod.uid)
            if dossier is None:
                if not questions or not self._has_room():
                    continue
                dossier = self._dossiers[pod.uid] = Dossier(key, pod.name)
                self._uids.setdefault(key, set()).add(pod.uid)
            dossier.want(questions, now)
            if dossier.idle:
                self._idle[pod.uid] = None
            else:
                self._idle.pop(pod.uid, None)
            self._schedule(pod.uid, dossier)
        for uid in self._uids.get(key, set()) - there:
            self._drop(uid)

    def forget(self, key: Key) -> None:
        """The ModelService is gone."""
        self.want(key, ())

    def hold(self, key: Key, *, patient: bool) -> float:
        """Seconds for which evidence about the pods of a ModelService is worth waiting for; 0 if nothing is expected.

        Args:
            key: of the ModelService.
            patient: wait also for what is asked only when it has lasted.
        """
        dossiers = (self._dossiers[uid] for uid in self._uids.get(key, ()))
        until = max((dossier.held_until(patient=patient) for dossier in dossiers), default=0.0)
        return max(0.0, until - self._clock())

    async def run(self) -> None:
        """Gather until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            uid = await self._queue.take()
            try:
                dossier = self._dossiers.get(uid)
                pause = await self._ask(uid, dossier) if dossier is not None else 0.0
            finally:
                self._queue.done(uid)
            if pause:
                await asyncio.sleep(pause)

    async def _ask(self, uid: str, dossier: Dossier) -> float:
        """Ask what is due about a pod; returns for how many seconds the API server wants to be left alone."""
        pause = 0.0
        for question in dossier.due(self._clock()):
            answered, wait = True, 0.0
            try:
                await self._answer(uid, dossier, question)
                if is_pulling(dossier.evidence):
                    wait = DURING_PULL
            except ApiUnreachable:
                answered, pause = False, WHEN_BUSY
            except ApiError as error:
                if error.status == 403:
                    wait = self._forbid(question.kind, dossier.key.namespace, error)
                elif error.status not in _NOT_THERE:
                    answered, pause = False, error.retry_after or WHEN_BUSY
                    wait = pause
            except Exception:
                logger.exception("The %s of pod %s could not be read.", question.kind, dossier.name)
            dossier.asked(question, self._clock(), answered=answered, pause=wait)
            self._on_news(dossier.key)
        if uid in self._dossiers:
            self._schedule(uid, dossier)
        return pause

    async def _answer(self, uid: str, dossier: Dossier, question: Question) -> None:
        namespace = dossier.key.namespace
        if self._forbidden.get((question.kind, namespace), -math.inf) > self._clock():
            return
        if question.kind is Kind.EVENTS:
            query = {"fieldSelector": f"involvedObject.uid={uid}", "limit": str(EVENT_LIMIT)}
            answer = await self._client.request("GET", EVENT.path(namespace), query=query)
            # Events do not become untrue by expiring, and some may have been told of since the answer.
            listed = kept_events(map(pod_event, items(answer, "items")))
            events = functools.reduce(with_event, listed, dossier.evidence.events)
            found = Evidence(events, dossier.evidence.output)
        else:
            query = {
                "container": question.container,
                "previous": "true" if question.previous else "false",
                "tailLines": str(LINES),
                "limitBytes": str(BYTES),
            }
            printed = await self._client.text(POD.path(namespace, dossier.name, "log"), query=query)
            # In a thread: a hundred regular expressions are put to a long text, and reconciling goes on.
            kept = await asyncio.to_thread(excerpt, printed)
            found = Evidence(dossier.evidence.events, kept)
        if not dossier.idle:
            dossier.evidence = found

    def _forbid(self, kind: Kind, namespace: str, error: ApiError) -> float:
        self._forbidden[kind, namespace] = self._clock() + WHEN_FORBIDDEN
        if kind not in self._warned:
            self._warned.add(kind)
            logger.warning("Statuses will say less: the %s of pods may not be read: %s", kind, error)
        return WHEN_FORBIDDEN

    def _has_room(self) -> bool:
        """There is room for one more, at the cost of one that raises no question if need be."""
        full = len(self._dossiers) >= self._capacity
        if full and self._idle:
            self._drop(next(iter(self._idle)))
            full = False
        if full:
            self._on_full()
            if not self._full:
                logger.warning("More than %d pods are in trouble: about the others nothing is asked.", self._capacity)
        self._full = full
        return not full

    def _schedule(self, uid: str, dossier: Dossier) -> None:
        time = dossier.next_time()
        if time <= self._clock():
            self._queue.add(uid)
        elif time < math.inf:
            self._queue.add_after(uid, time - self._clock())

    def _drop(self, uid: str) -> None:
        dossier = self._dossiers.pop(uid)
        self._idle.pop(uid, None)
        uids = self._uids[dossier.key]
        uids.discard(uid)
        if not uids:
            del self._uids[dossier.key]
