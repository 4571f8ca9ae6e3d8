"""Priming and sweeping, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine
from typing import Any, Final

import pytest
from typing_extensions import override

from modelservice_operator import api
from modelservice_operator.cluster import client as client_module
from modelservice_operator.cluster.client import Page
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import MODEL_SERVICE, NODE, POD, SERVICE, Resource
from modelservice_operator.cluster.resync import SETTLE, Resync
from modelservice_operator.cluster.store import Key, Store
from unit.cluster.objects import child, model_service, node
from unit.fake_api import Failure, FakeApi, FakeClient, Request
from unit.test_leader import elapsed, in_virtual_time

PERIOD: Final = 600.0
WATCHED: Final = (MODEL_SERVICE, SERVICE, NODE)
NO_CRD: Final = Failure(404, "NotFound", "the server could not find the requested resource")


class Stage:
    """An API server with one ModelService, its Service and a node, and a store that knows nothing."""

    def __init__(
        self, namespaces: Collection[str] = (), resources: Collection[Resource] = (MODEL_SERVICE, SERVICE, NODE)
    ):
        self.api = FakeApi()
        for manifest in (model_service(), child(spec={"ports": [{"port": 80}]}), node("gpu-1")):
            self.api.put(manifest)
        self.store = Store()
        self.queue: KeyQueue[Key] = KeyQueue(clock=elapsed)
        self.client = Listed(self.api)
        self.periods: list[int] = []
        """How many keys were queued when each began."""
        self.resync = Resync(
            self.client,
            self.store,
            self.queue,
            resources,
            namespaces,
            period=PERIOD,
            on_period=lambda: self.periods.append(len(self.queue)),
        )

    def known(self) -> list[str]:
        return sorted(f"{identity.kind} {identity.name}" for identity in self.store._records)

    def sweeps(self) -> int:
        """How often every kind was listed."""
        return len(self.client.listed) // 3


class Listed(FakeClient):
    """Remembers what was listed, and when."""

    def __init__(self, api: FakeApi) -> None:
        super().__init__(api)
        self.listed: list[tuple[str, str | None, bool]] = []

    @override
    async def list_objects(
        self, resource: Resource, namespace: str | None = None, *, fields: str = "", metadata_only: bool = False
    ) -> AsyncIterator[Page]:
        self.listed.append((resource.kind, namespace, metadata_only))
        async for page in super().list_objects(resource, namespace, fields=fields, metadata_only=metadata_only):
            yield page


async def running(stage: Stage, scenario: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(stage.resync.run())
    try:
        await scenario
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_prime_takes_in_everything() -> None:
    stage = Stage()
    assert not stage.resync.primed.is_set()
    await stage.resync.prime()
    assert stage.resync.primed.is_set()
    assert stage.known() == ["ModelService qwen", "Node gpu-1", "Service qwen"]
    assert stage.client.listed == [(kind, None, False) for kind in ("ModelService", "Service", "Node")]


async def test_prime_forgets_what_is_gone() -> None:
    stage = Stage()
    stage.store.upsert(child(name="ghost", uid="uid-ghost", version=1))
    await stage.resync.prime()
    assert "Service ghost" not in stage.known()


async def test_long_lists_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PAGE_SIZE", 2)
    stage = Stage()
    names = [f"gpu-{number}" for number in range(1, 6)]
    for name in names[1:]:
        stage.api.put(node(name))
    await stage.resync.prime()
    assert list(stage.store.nodes) == names
    await stage.resync.sweep(WATCHED)
    assert list(stage.store.nodes) == names, "a page says nothing of the objects on the others"


def test_prime_tries_until_everything_was_listed() -> None:
    async def scenario() -> float:
        stage = Stage()
        stage.api.fail("list Service", Failure(503), times=7)
        await stage.resync.prime()
        assert stage.known() == ["ModelService qwen", "Node gpu-1", "Service qwen"]
        return elapsed()

    assert in_virtual_time(scenario()) == 0.5 + 1 + 2 + 4 + 8 + 15 + 15


async def test_without_the_crd_there_are_no_model_services() -> None:
    stage = Stage()
    await stage.resync.prime()
    stage.api.fail("list ModelService", NO_CRD)
    await stage.resync.prime()
    assert stage.known() == ["Node gpu-1", "Service qwen"]


def test_in_given_namespaces_the_crd_is_waited_for() -> None:
    """kopf does not notice a kind that comes later when it may only look into given namespaces."""

    async def scenario() -> float:
        stage = Stage(namespaces=("ml",))
        stage.api.fail("list ModelService", NO_CRD, times=2)
        await stage.resync.prime()
        return elapsed()

    assert in_virtual_time(scenario()) == 1.5


def test_another_kind_that_is_not_served_is_waited_for() -> None:
    async def scenario() -> float:
        stage = Stage()
        stage.api.fail("list Service", NO_CRD)
        await stage.resync.prime()
        return elapsed()

    assert in_virtual_time(scenario()) == 0.5


async def test_every_namespace_is_listed_and_nodes_once() -> None:
    stage = Stage(namespaces=("ml", "dev"), resources=(POD, NODE))
    await stage.resync.prime()
    assert stage.client.listed == [("Pod", "ml", False), ("Pod", "dev", False), ("Node", None, False)]


async def test_a_sweep_forgets_what_is_gone_and_reads_metadata_alone() -> None:
    stage = Stage()
    await stage.resync.prime()
    stage.api.remove("Service")
    stage.client.listed.clear()
    await stage.resync.sweep(WATCHED)
    assert stage.known() == ["ModelService qwen", "Node gpu-1"]
    assert stage.client.listed == [(resource.kind, None, True) for resource in WATCHED]


@pytest.mark.parametrize("told", [False, True], ids=["by no watch", "a moment later"])
def test_a_sweep_lists_a_kind_anew_when_no_watch_tells_of_a_change(told: bool) -> None:
    async def scenario() -> Stage:
        stage = Stage()
        await stage.resync.prime()
        stage.api.edit(api.KIND, lambda live: live["spec"].update(replicas=7))
        stage.api.put(child(name="fresh", spec={"ports": [{"port": 80}]}))
        stage.client.listed.clear()
        sweep = asyncio.create_task(stage.resync.sweep(WATCHED))
        await asyncio.sleep(SETTLE / 2)
        assert stage.known() == ["ModelService qwen", "Node gpu-1", "Service qwen"], "that is for the watch to tell"
        for resource in WATCHED if told else ():
            for manifest in stage.api.objects(resource.kind):
                stage.store.upsert(manifest)
        assert await sweep == []
        return stage

    stage = in_virtual_time(scenario())
    (parent,) = stage.store.parents()
    assert parent.spec["replicas"] == 7
    assert "Service fresh" in stage.known()
    whole = [kind for kind, _, metadata_only in stage.client.listed if not metadata_only]
    assert whole == ([] if told else ["ModelService", "Service"])


def test_what_went_meanwhile_is_not_listed_anew() -> None:
    async def scenario() -> list[bool]:
        stage = Stage()
        await stage.resync.prime()
        fresh = stage.api.put(child(name="fresh", spec={"ports": [{"port": 80}]}))
        stage.client.listed.clear()
        sweep = asyncio.create_task(stage.resync.sweep(WATCHED))
        await asyncio.sleep(SETTLE / 2)
        stage.store.remove(fresh)
        assert await sweep == []
        return [metadata_only for _, _, metadata_only in stage.client.listed]

    assert in_virtual_time(scenario()) == [True] * 3


async def test_a_sweep_keeps_what_came_after_the_list() -> None:
    stage = Stage()
    await stage.resync.prime()

    def meanwhile(request: Request) -> None:
        if request.kind == "Service":
            stage.store.upsert(child(name="fresh", uid="uid-fresh", version=1000))

    stage.api.before = meanwhile
    await stage.resync.sweep(WATCHED)
    assert "Service fresh" in stage.known()


async def test_a_sweep_that_fails_forgets_nothing_and_raises_nothing() -> None:
    stage = Stage()
    await stage.resync.prime()
    stage.api.remove("Service")
    stage.api.fail("list Service", Failure(0))
    stage.api.fail("list ModelService", Failure(503))
    assert await stage.resync.sweep(WATCHED) == [MODEL_SERVICE, SERVICE]
    assert "Service qwen" in stage.known()
    assert await stage.resync.sweep([SERVICE]) == []
    assert "Service qwen" not in stage.known()


async def test_an_api_server_that_does_not_serve_the_kind_says_nothing_about_its_objects() -> None:
    stage = Stage()
    await stage.resync.prime()
    stage.api.fail("list ModelService", Failure(404, "NotFound"))
    before = stage.known()
    assert await stage.resync.sweep(WATCHED) == [MODEL_SERVICE]
    assert stage.known() == before


def test_what_a_sweep_has_asked_is_not_asked_again_for_what_it_could_not() -> None:
    """Where some of all requests fail, a dozen in a row never succeed."""

    async def scenario() -> list[tuple[str, str | None, bool]]:
        stage = Stage()
        await stage.resync.prime()
        stage.client.listed.clear()
        await running(stage, failing(stage))
        return stage.client.listed

    async def failing(stage: Stage) -> None:
        stage.api.fail("list Service", Failure(429), times=2)
        stage.resync.relisted()
        await asyncio.sleep(20 * SETTLE)

    asked = [kind for kind, _, _ in in_virtual_time(scenario())]
    assert asked == ["ModelService", "Service", "Node", "Service", "Service"]


def test_a_kind_that_cannot_be_asked_keeps_no_other_from_being_swept() -> None:
    async def scenario() -> None:
        stage = Stage()
        await stage.resync.prime()
        stage.api.fail("list Node", Failure(403), times=1000)
        await running(stage, failing(stage))

    async def failing(stage: Stage) -> None:
        stage.resync.relisted()
        await asyncio.sleep(0.5 * PERIOD)
        stage.api.remove("Service")
        stage.resync.relisted()
        await asyncio.sleep(2 * SETTLE)
        assert "Service qwen" not in stage.known(), "a relist is followed by a sweep, whatever failed before"
        stage.api.remove(api.KIND)
        await asyncio.sleep(1.2 * PERIOD)
        assert stage.known() == ["Node gpu-1"]

    in_virtual_time(scenario())


def test_what_was_listed_long_before_priming_ended_is_listed_again() -> None:
    async def scenario() -> list[str]:
        stage = Stage()
        stage.api.fail("list Service", Failure(503), times=5)
        priming = asyncio.create_task(stage.resync.prime())
        await asyncio.sleep(5)
        stage.api.remove(api.KIND)
        await priming
        return stage.known()

    assert in_virtual_time(scenario()) == ["Node gpu-1", "Service qwen"]


def test_priming_goes_on_where_it_failed() -> None:
    async def scenario() -> list[tuple[str, str | None, bool]]:
        stage = Stage()
        stage.api.fail("list Service", Failure(503))
        await stage.resync.prime()
        return stage.client.listed

    asked = [kind for kind, _, _ in in_virtual_time(scenario())]
    assert asked == ["ModelService", "Service", "Service", "Node"]


def test_a_sweep_that_failed_is_tried_again() -> None:
    async def scenario() -> None:
        stage = Stage()
        await stage.resync.prime()
        await running(stage, failing(stage))

    async def failing(stage: Stage) -> None:
        stage.api.remove("Service")
        stage.api.fail("list Service", Failure(429), times=2)
        stage.resync.relisted()
        await asyncio.sleep(2 * SETTLE)
        assert "Service qwen" in stage.known()
        await asyncio.sleep(8 * SETTLE)
        assert "Service qwen" not in stage.known()

    in_virtual_time(scenario())


def test_a_sweep_follows_when_streams_have_listed_anew() -> None:
    """All streams list at about the same time, and one sweep does for all."""

    async def scenario() -> None:
        stage = Stage()
        stage.resync.relisted()
        await stage.resync.prime()
        await running(stage, relists(stage))

    async def relists(stage: Stage) -> None:
        await asyncio.sleep(60)
        assert stage.sweeps() == 1, "priming alone; what was relisted before is part of it"
        stage.api.remove("Service")
        for _ in range(3):
            stage.resync.relisted()
            await asyncio.sleep(1)
        await asyncio.sleep(10 * SETTLE)
        assert stage.sweeps() == 2
        assert "Service qwen" not in stage.known()
        assert len(stage.queue) == 0, "a relist is no reason to look at everything"

    in_virtual_time(scenario())


def test_everything_is_swept_and_looked_at_once_per_period() -> None:
    async def scenario() -> None:
        stage = Stage()
        await stage.resync.prime()
        await running(stage, period(stage))

    async def period(stage: Stage) -> None:
        await asyncio.sleep(0.9 * PERIOD - 1)
        assert (stage.sweeps(), len(stage.queue), stage.periods) == (1, 0, [])
        await asyncio.sleep(0.2 * PERIOD + SETTLE + 2)
        assert (stage.sweeps(), len(stage.queue), stage.periods) == (2, 1, [0])
        assert await stage.queue.take() == Key("ml", "qwen")

    in_virtual_time(scenario())


def test_relists_do_not_put_off_the_look_at_everything() -> None:
    async def scenario() -> None:
        stage = Stage()
        await stage.resync.prime()
        await running(stage, busy(stage))

    async def busy(stage: Stage) -> None:
        while elapsed() < 1.1 * PERIOD + 2 * SETTLE:
            stage.resync.relisted()
            await asyncio.sleep(60)
        assert len(stage.queue) == 1

    in_virtual_time(scenario())


def test_nothing_is_swept_before_everything_was_listed_once() -> None:
    async def scenario() -> None:
        stage = Stage()
        await running(stage, asyncio.sleep(3 * PERIOD))
        assert stage.client.listed == []

    in_virtual_time(scenario())
