"""The watch layer without kopf at work: what it is told to do, and what is made of what it tells."""

import asyncio
import itertools
from collections.abc import Collection
from typing import Any, Final

import aiohttp
import kopf
import pytest
from aiohttp import web

from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.freshness import Freshness
from modelservice_operator.cluster.kopf_settings import INACTIVITY_TIMEOUT, SERVER_TIMEOUT, _Forever, operator_settings
from modelservice_operator.cluster.resources import BY_KIND, MODEL_SERVICE, NODE, SERVICE
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.cluster.watch import DISCOVERY_GRACE, LOGIN_INTERVAL, SILENCE_LIMIT, Watch
from modelservice_operator.manifest import Manifest
from unit.cluster.objects import child, model_service, node
from unit.cluster.test_client import Answer, served
from unit.fake_api import FakeApi, FakeClient
from unit.test_leader import elapsed, in_virtual_time

ALL: Final = tuple(BY_KIND.values())
CRD: Final[Manifest] = {
    "metadata": {"name": "modelservices.modelservice.dev", "uid": "uid-crd"},
    "status": {"conditions": [{"type": "Established", "status": "True"}]},
}


class Stage:
    """A watch layer, its store, and how often it said that a stream listed anew."""

    def __init__(self, client: Client | None = None, namespaces: Collection[str] = ()) -> None:
        self.store = Store()
        self.relists = 0
        self.freshness = Freshness(SILENCE_LIMIT, clock=elapsed)
        self.watch = Watch(
            client or FakeClient(FakeApi()),
            self.store,
            ALL,
            namespaces,
            self.freshness,
            on_relist=self.relisted,
            on_start=lambda: None,
        )

    def relisted(self) -> None:
        self.relists += 1


# What becomes of an event.


@pytest.mark.parametrize("event_type", [None, "ADDED", "MODIFIED"])
def test_what_is_there_is_taken_in(event_type: str | None) -> None:
    """Objects of a list lack apiVersion and kind."""
    stage = Stage()
    manifest = child()
    del manifest["apiVersion"], manifest["kind"]
    stage.watch._take(SERVICE, event_type, manifest)
    assert list(stage.store.family(Key("ml", "qwen")).children) == [("Service", "qwen")]


def test_what_is_gone_is_forgotten() -> None:
    stage = Stage()
    stage.watch._take(SERVICE, "ADDED", child(version=3))
    stage.watch._take(SERVICE, "DELETED", child(version=4))
    assert stage.store.family(Key("ml", "qwen")).children == {}


def handlers(watch: Watch) -> dict[str, Any]:
    """What kopf calls for the events of each kind."""
    registry: Any = watch._registry()
    return {handler.selector.any_name: handler.fn for handler in registry._watching._handlers}


async def test_kopf_keeps_nothing_of_an_object() -> None:
    stage = Stage()
    manifest: Any = child()
    await stage.watch._memories.recall(manifest)
    await handlers(stage.watch)["services"](event={"type": "ADDED", "object": manifest})
    assert list(stage.watch._memories.iter_all_memories()) == []


async def test_every_kind_has_a_handler_that_takes_its_events_and_is_a_sign_of_life() -> None:
    stage = Stage()
    found = handlers(stage.watch)
    assert list(found) == [*(resource.plural for resource in ALL), "customresourcedefinitions"]
    event = {"type": "ADDED", "object": model_service()}
    await found[MODEL_SERVICE.plural](event=event, body=None)
    assert [parent.name for parent in stage.store.parents()] == ["qwen"]
    assert list(stage.freshness.ages()) == [MODEL_SERVICE.full_name]


async def test_in_given_namespaces_no_crd_is_watched_and_each_namespace_shows_its_own_life() -> None:
    stage = Stage(namespaces=("ml", "dev"))
    found = handlers(stage.watch)
    assert list(found) == [resource.plural for resource in ALL]
    await found[SERVICE.plural](event={"type": "ADDED", "object": child()})
    await found[NODE.plural](event={"type": "ADDED", "object": node("gpu-1")})
    assert list(stage.freshness.ages()) == ["services in ml", "nodes"]


# What kopf is told.


def test_kopf_writes_nothing_and_watches_by_label() -> None:
    settings = operator_settings(ALL, ())
    assert settings.peering.standalone
    assert not settings.posting.enabled
    assert not settings.scanning.disabled
    selectors: dict[Any, str] = dict(settings.watching.label_selectors)
    assert {selector.any_name for selector in selectors} == {
        "controllerrevisions",
        "deployments",
        "horizontalpodautoscalers",
        "ingresses",
        "leases",
        "poddisruptionbudgets",
        "pods",
        "services",
    }
    assert set(selectors.values()) == {
        "app.kubernetes.io/managed-by=modelservice-operator",
        "modelservice.dev/namespace-lease=true",
    }


def test_kopf_keeps_no_records() -> None:
    persistence: Any = operator_settings(ALL, ()).persistence
    diffbase, progress = persistence.diffbase_storage, persistence.progress_storage
    patch: Any = kopf.Patch()
    assert diffbase.fetch(body={}) is None
    assert diffbase.build(body={"spec": {}}) == {}
    assert progress.fetch(key="handler", body={}) is None
    diffbase.store(body={}, patch=patch, essence={"spec": {}})
    progress.store(key="handler", record={}, body={}, patch=patch)
    progress.purge(key="handler", body={}, patch=patch)
    progress.touch(body={}, patch=patch, value="now")
    assert patch == {}
    assert progress.clear(essence={"spec": {}}) == {"spec": {}}


def test_in_given_namespaces_nothing_is_looked_for() -> None:
    assert operator_settings(ALL, ("ml",)).scanning.disabled


def test_a_watch_shows_life_more_often_than_it_may_be_silent() -> None:
    assert SILENCE_LIMIT > SERVER_TIMEOUT + INACTIVITY_TIMEOUT


def test_kopf_never_gives_up() -> None:
    backoffs = _Forever()
    first = list(itertools.islice(backoffs, 100))
    assert first[:4] == [0.5, 1.0, 2.0, 4.0]
    assert all(4 <= delay <= 8 for delay in first[4:])
    assert next(iter(backoffs)) == 0.5, "each request begins anew"
    assert operator_settings(ALL, ()).networking.error_backoffs is not None


def test_kopf_does_not_kill_the_process() -> None:
    """Its timer runs on after the watch layer was started again, and ends with SIGKILL."""
    assert operator_settings(ALL, ()).process.ultimate_exiting_timeout is None


# Logging in.


def test_logins_keep_a_distance() -> None:
    """After a 401 kopf comes back at once, a thousand times a second."""

    async def scenario() -> list[float]:
        async with served() as (client, _, _):
            stage = Stage(client)
            times = []
            for _ in range(3):
                session = await stage.watch._login()
                times.append(elapsed())
                await session.aiohttp_session.close()
            return times

    times = in_virtual_time(scenario())
    assert [round(later - first, 3) for first, later in itertools.pairwise(times)] == [LOGIN_INTERVAL] * 2


LIST: Final = MODEL_SERVICE.path()


async def first() -> str:
    return "Bearer first"


@pytest.mark.parametrize(
    ("path", "answer", "life", "relists"),
    [
        (LIST, web.json_response({}), [MODEL_SERVICE.full_name], 1),
        (f"{LIST}?watch=true", web.json_response({}), [MODEL_SERVICE.full_name], 0),
        (LIST, web.Response(status=503), [], 0),
        ("/api", web.json_response({}), [], 0),
        (f"{LIST}/qwen", web.json_response({}), [], 0),
    ],
    ids=["a list", "a watch", "a failure", "discovery", "one object"],
)
async def test_every_request_of_kopf_has_a_token_is_counted_and_is_a_sign_of_life(
    path: str, answer: Answer, life: list[str], relists: int
) -> None:
    async with served(answer, authorization=first) as (client, asked, observer):
        stage = Stage(client)
        async with client.new_session(stage.watch._authorize) as session, session.get(host(client) + path) as response:
            assert response.status in {200, 503}
    assert asked.asked[0].headers["Authorization"] == "Bearer first"
    assert observer.requests == [("GET", response.status)]
    assert (list(stage.freshness.ages()), stage.relists) == (life, relists)


async def test_a_request_of_kopf_that_gets_no_answer_is_counted() -> None:
    async with served() as (client, _, _):
        away = host(client)
        session = client.new_session(Stage(client).watch._authorize)
    with pytest.raises(aiohttp.ClientError):
        await session.get(f"{away}{LIST}")
    await session.close()


def host(client: Client) -> str:
    text: str = client.access.host
    return text


# The CRD.


@pytest.mark.parametrize(
    ("events", "watched", "restarts"),
    [
        ([("ADDED", CRD)], False, True),
        ([("MODIFIED", CRD)], False, True),
        ([("ADDED", CRD)], True, False),
        ([(None, CRD)], False, False),
        ([(None, CRD), ("MODIFIED", CRD)], False, False),
        ([("DELETED", CRD)], False, False),
        ([("ADDED", {**CRD, "status": {}})], False, False),
        ([("ADDED", {"metadata": {}})], False, False),
    ],
    ids=[
        "installed",
        "established later",
        "installed, and kopf has found it",
        "was there before",
        "changed",
        "deleted",
        "not established yet",
        "empty",
    ],
)
def test_a_crd_that_comes_is_watched_in_the_end(
    events: list[tuple[str | None, Manifest]], watched: bool, restarts: bool
) -> None:
    async def scenario() -> bool:
        stage = Stage()
        for event_type, manifest in events:
            event: Any = {"type": event_type, "object": manifest}
            await stage.watch._see_crd(event)
        await asyncio.sleep(DISCOVERY_GRACE / 2)
        if watched:
            stage.watch._saw(MODEL_SERVICE, "")
        await asyncio.sleep(DISCOVERY_GRACE)
        return stage.watch._restart.is_set()

    assert in_virtual_time(scenario()) is restarts


def test_a_crd_that_is_installed_anew_is_watched_again() -> None:
    async def scenario() -> bool:
        stage = Stage()
        stage.watch._saw(MODEL_SERVICE, "")
        for uid in ("uid-crd", "uid-new"):
            event: Any = {"type": "ADDED", "object": {**CRD, "metadata": {"uid": uid}}}
            await asyncio.sleep(60)
            stage.watch._restart.clear()
            await stage.watch._see_crd(event)
        await asyncio.sleep(DISCOVERY_GRACE)
        return stage.watch._restart.is_set()

    assert in_virtual_time(scenario())


def test_a_watch_layer_that_hangs_is_started_again_and_ever_later_where_that_does_not_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """kopf's streams may wait for ever, such as for credentials, and say nothing."""

    async def scenario() -> tuple[list[float], int]:
        stage = Stage()
        starts = []

        async def hang(**_: Any) -> list[asyncio.Task[bool]]:
            starts.append(elapsed())
            return [asyncio.create_task(asyncio.Event().wait())]

        monkeypatch.setattr(kopf, "spawn_tasks", hang)
        watching = asyncio.create_task(stage.watch.run())
        await asyncio.sleep(4 * SILENCE_LIMIT)
        for resource in ALL:
            stage.watch._saw(resource, "")
        await asyncio.sleep(6 * SILENCE_LIMIT)
        watching.cancel()
        return [round(start / SILENCE_LIMIT, 1) for start in starts], stage.relists

    assert in_virtual_time(scenario()) == ([0.0, 1.0, 3.0, 5.0, 7.0], 4)


async def test_the_user_need_not_have_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a container is a number, for which no entry in /etc/passwd need stand."""

    def ask_for_the_user() -> str:
        raise KeyError("getpwuid(): uid not found: 65532")

    monkeypatch.setattr("getpass.getuser", ask_for_the_user)
    started = asyncio.Event()
    freshness = Freshness(SILENCE_LIMIT, clock=elapsed)
    client = FakeClient(FakeApi())
    watch = Watch(client, Store(), ALL, (), freshness, on_relist=lambda: None, on_start=started.set)
    watching, waiting = asyncio.create_task(watch.run()), asyncio.create_task(started.wait())
    await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (watching, waiting):
        task.cancel()
    await asyncio.wait({watching, waiting})
    assert started.is_set()
