"""The watch streams, by kopf: every event goes into the store, and nothing else happens here.

Only `on.event` handlers are used, which write nothing to any object. kopf's own change detection, progress keeping,
peering and event posting are off. What kopf does not survive (an error within a stream, an API server that is away for
longer than its patience) ends `run`, and the caller starts it again.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp
from yarl import URL

from modelservice_operator.cluster import nesting
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.freshness import Freshness
from modelservice_operator.cluster.kopf_alone import Identity, ResourceMemories, kopf, requests
from modelservice_operator.cluster.kopf_settings import INACTIVITY_TIMEOUT, SERVER_TIMEOUT, operator_settings
from modelservice_operator.cluster.resources import MODEL_SERVICE, Resource
from modelservice_operator.cluster.store import Store
from modelservice_operator.manifest import Manifest

logger = logging.getLogger(__name__)

SILENCE_LIMIT: Final = float(SERVER_TIMEOUT + INACTIVITY_TIMEOUT + 30)
"""Seconds without a sign of life after which a watch counts as dead."""

LOOK_INTERVAL: Final = 10.0
"""Seconds between two looks for a dead watch."""
LONGEST_SILENCE: Final = 3600.0
"""Seconds, at most, until the watch layer is started again where that has not helped: a right may be missing."""
LOGIN_INTERVAL: Final = 1.0
"""Seconds between two logins, at least."""
CANCELLATIONS: Final = 10
"""How often a task of kopf's is cancelled, a second apart, before it is given up."""
KOPF: Final = Path(kopf.__file__).parent
IDENTITY: Final = Identity("modelservice-operator")
"""For kopf's peering, which is off. Without one kopf asks for the name of the user, and a container's may have none."""
DISCOVERY_GRACE: Final = 3.0
"""Seconds that kopf gets to begin watching a kind whose CRD was established."""

# kopf reads the lines of its streams with `json.loads`, which fails on a deep object as often as the stream is opened.
vars(requests)["json"] = nesting


class Watch:
    """Feeds a store from watch streams."""

    def __init__(
        self,
        client: Client,
        store: Store,
        resources: Collection[Resource],
        namespaces: Collection[str],
        freshness: Freshness,
        *,
        on_relist: Callable[[], None],
        on_start: Callable[[], None],
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            client: gives credentials and TLS settings.
            store: takes the events in.
            resources: what to watch.
            namespaces: where; empty means everywhere.
            freshness: is told of every sign of life.
            on_relist: called when a stream has listed anew: what is not listed may be gone.
            on_start: called when kopf has bound its signal handlers, so that the process can bind its own.
        """
        self._client = client
        self._store = store
        self._resources = resources
        self._namespaces = namespaces
        self._freshness = freshness
        self._on_relist = on_relist
        self._on_start = on_start
        self._memories = ResourceMemories()
        """What kopf keeps of each object, nearly a kilobyte, for kinds of handlers that we do not have."""
        self._last_login = float("-inf")
        self._restart = asyncio.Event()
        self._patience = SILENCE_LIMIT
        self._crd_uid: str | None = None

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            Exception: whatever kopf gave up on.
        """
        for resource in self._resources:
            for namespace in self._namespaces or ("",):
                self._freshness.expect(self._called(resource, namespace))
        while await self._watch_until_it_ends():
            self._on_relist()

    async def _watch_until_it_ends(self) -> bool:
        """Let kopf watch until it ends; says whether it is to begin anew.

        Raises:
            Exception: whatever kopf gave up on, but for a kind that is not served any more: its CRD went.
        """
        self._restart.clear()
        others = asyncio.all_tasks()
        tasks = set(
            await kopf.spawn_tasks(
                registry=self._registry(),
                settings=operator_settings(self._resources, self._namespaces),
                memories=self._memories,
                identity=IDENTITY,
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
            )
        )
        self._on_start()
        restart = asyncio.create_task(self._restart.wait())
        dead = asyncio.create_task(self._until_dead())
        try:
            done, _ = await asyncio.wait({*tasks, restart, dead}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            restart.cancel()
            dead.cancel()
            await _end(others)
        errors = [error for task in done - {restart, dead} if (error := task.exception()) is not None]
        for error in errors:
            if getattr(error, "status", None) != HTTPStatus.NOT_FOUND:
                raise error
        if errors:
            logger.warning("A kind that is watched is not served any more: the watch layer is started again.")
            await asyncio.sleep(DISCOVERY_GRACE)
        return bool(errors) or not done.isdisjoint({restart, dead})

    async def _until_dead(self) -> None:
        """Wait until kopf has lost a watch without noticing: it may wait for ever for something of its own."""
        waited = 0.0
        while not (dead := self._freshness.dead()) or waited < self._patience:
            if not dead:
                self._patience = SILENCE_LIMIT
            await asyncio.sleep(LOOK_INTERVAL)
            waited += LOOK_INTERVAL
        self._patience = min(2 * self._patience, LONGEST_SILENCE)
        silent = ", ".join(f"{resource} ({age:.0f} s)" for resource, age in dead)
        logger.warning("Some watches show no sign of life, the watch layer is started again: %s.", silent)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        # kopf passes what it knows by keyword, of types that it does not export.
        async def login(**_: Any) -> kopf.AiohttpSession:
            return await self._login()

        kopf.on.login(registry=registry)(login)
        for resource in self._resources:
            self._register(registry, resource)
        if not self._namespaces:
            kopf.on.event("apiextensions.k8s.io", "v1", "customresourcedefinitions", registry=registry)(self._see_crd)
        return registry

    def _register(self, registry: kopf.OperatorRegistry, resource: Resource) -> None:
        async def handle(event: kopf.RawEvent, **_: Any) -> None:
            self._saw(resource, event["object"]["metadata"].get("namespace", ""))
            self._take(resource, event["type"], dict(event["object"]))
            await self._memories.forget(event["object"])

        kopf.on.event(resource.group, resource.version, resource.plural, registry=registry)(handle)

    def _take(self, resource: Resource, event_type: str | None, manifest: Manifest) -> None:
        manifest.setdefault("kind", resource.kind)
        manifest.setdefault("apiVersion", resource.api_version)
        if event_type == "DELETED":
            self._store.remove(manifest)
            return
        self._store.upsert(manifest)

    async def _see_crd(self, event: kopf.RawEvent, **_: Any) -> None:
        """Our CRD came or changed. kopf looks for the kind at that moment, which may be before the kind is served."""
        status = event["object"].get("status") or {}
        established = any(
            condition["type"] == "Established" and condition["status"] == "True"
            for condition in status.get("conditions") or ()
        )
        uid = event["object"]["metadata"].get("uid")
        if event["type"] == "DELETED":
            logger.warning("The CRD was deleted, and with it every ModelService.")
            self._freshness.missing(MODEL_SERVICE.full_name)
        if event["type"] == "DELETED" or not established or uid == self._crd_uid:
            return
        self._crd_uid = uid
        if event["type"] is not None:
            asyncio.get_running_loop().call_later(DISCOVERY_GRACE, self._restart_if_unwatched)

    def _restart_if_unwatched(self) -> None:
        age = self._freshness.ages().get(MODEL_SERVICE.full_name)
        if age is None or age > DISCOVERY_GRACE:
            logger.info("The CRD is there, but the kind is not watched: starting the watch layer again.")
            self._restart.set()

    async def _login(self) -> kopf.AiohttpSession:
        # kopf comes back at once after every 401; without a pause that is a thousand requests a second.
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._last_login + LOGIN_INTERVAL - now))
        self._last_login = asyncio.get_running_loop().time()
        session = self._client.new_session(self._authorize)
        return kopf.AiohttpSession(server=self._client.access.host, aiohttp_session=session)

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        token = await self._client.bearer_token()
        if token is not None:
            request.headers["Authorization"] = token
        status = 0
        try:
            response = await handler(request)
            status = response.status
        finally:
            self._client.observer.request(request.method, status, self._client.access.host)
        if status < 400:
            self._note(request.url)
        return response

    def _note(self, url: URL) -> None:
        """A list or a watch of ours was answered. After a list, what it lacks may be gone without a word."""
        for resource in self._resources:
            for namespace in self._namespaces or ("",):
                if url.path == resource.path(namespace):
                    self._saw(resource, namespace)
                    if "watch" not in url.query:
                        self._on_relist()

    def _saw(self, resource: Resource, namespace: str) -> None:
        self._freshness.saw(self._called(resource, namespace))

    def _called(self, resource: Resource, namespace: str) -> str:
        scoped = resource.namespaced and self._namespaces
        return f"{resource.full_name} in {namespace}" if scoped else resource.full_name


async def _end(others: Collection["asyncio.Task[Any]"]) -> None:
    """End every task of kopf's that is not among the others.

    kopf cancels its tasks once and waits for ever. A stream takes that for a broken connection, and waits for
    credentials that nobody brings any more. So they are cancelled until they are gone; those that never go are left.
    """
    for _ in range(CANCELLATIONS):
        left = {task for task in asyncio.all_tasks() - {*others} if _is_kopfs(task)}
        if not left:
            return
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1.0)
    logger.warning("The watch layer does not end: %s.", ", ".join(sorted(task.get_name() for task in left)))


def _is_kopfs(task: "asyncio.Task[Any]") -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and Path(code.co_filename).is_relative_to(KOPF)
