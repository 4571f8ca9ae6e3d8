"""Whatever fails between the operator and the API server: afterwards everything is as it should be, and no write more
than without the fault was made. Both kopf's connections and our own go through the proxy.
"""

import itertools
from collections.abc import Iterator

import pytest
from aiohttp import web

from cluster.harness.lengths import FAULT_SECONDS
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import NAME, NAMESPACE, Operator
from cluster.harness.proxy import Answer, Cut, Delay, Event, Proxy, Truncate, is_watch, is_write
from cluster.harness.scene import Scene
from cluster.harness.wait import eventually
from localcluster import LocalCluster
from modelservice_operator.cluster.resources import WATCHED

TRIES = 50
"""Requests a second that are refused, at most: ten streams and a handful of ModelServices."""
OPEN = "the operator has streams open, which comes after it says that it is ready"


@pytest.fixture(scope="module")
def proxy(installed: LocalCluster) -> Iterator[Proxy]:
    proxy = Proxy(installed.service_account_kubeconfig(NAMESPACE, NAME)).start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def stage(installed: LocalCluster, running_operator: Operator, proxy: Proxy) -> Iterator[Scene]:
    """An operator of its own behind the proxy; the shared one rests meanwhile."""
    running_operator.process.stop()
    own = Operator(installed, "faulty", kubeconfig=proxy.kubeconfig, leader_election="off")
    with temporary_namespace(installed, "faults") as namespace:
        try:
            yield Scene(installed, own.ensure_working(), installed.kubectl.within(namespace))
        finally:
            own.process.stop()


@pytest.fixture
def scene(stage: Scene) -> Scene:
    """The operator works, and writes are counted from now on."""
    stage.begin()
    return stage


@pytest.fixture
def comparing(scene: Scene, installed: LocalCluster, proxy: Proxy) -> Iterator[Scene]:
    """The operator compares what it knows with the API server every ten seconds, not every ten minutes, and a second
    after its streams have listed, not five."""
    with scene.without_operator():
        scene.operator = Operator(
            installed,
            "comparing",
            kubeconfig=proxy.kubeconfig,
            leader_election="off",
            resync_seconds="10",
            prelude="from modelservice_operator.cluster import resync; resync.SETTLE = 1.0",
        )
        seen: set[str] = set()

        def look(request: web.Request) -> None:
            if "PartialObjectMetadataList" in request.headers["Accept"]:
                seen.add(request.path)

        with proxy.injecting(look):
            scene.begin()
            eventually(lambda: len(seen) >= len(WATCHED), why="the comparison after the start is over")
        yield scene


def test_without_a_fault(scene: Scene) -> None:
    """What the others are compared with."""
    expected = scene.change()
    scene.settle()
    scene.check(expected)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_connections_break(scene: Scene, proxy: Proxy, late: bool) -> None:
    """Every second write, before the API server has it or after it has done it."""
    turns = itertools.count()
    with proxy.injecting(lambda request: Cut(late) if is_write(request) and next(turns) % 2 == 0 else None):
        expected = scene.change()
        scene.settle()
    assert proxy.injected
    scene.check(expected, repeated=proxy.injected if late else 0)


def test_requests_are_slow(scene: Scene, proxy: Proxy) -> None:
    with proxy.injecting(lambda _: Delay(0.5)):
        expected = scene.change()
        scene.settle()
    scene.check(expected)


@pytest.mark.parametrize("code", [401, 403, 409, 410, 429, 500, 503, 504])
def test_every_request_is_refused_for_a_while(scene: Scene, proxy: Proxy, code: int) -> None:
    """First its writes, then also the streams break, so that kopf has to ask."""
    with proxy.injecting(lambda _: Answer(code)):
        before = len(proxy.writes)
        expected = scene.change()
        eventually(lambda: len(proxy.writes) > before, why="it heard of the changes, and its writes are refused")
        proxy.cut_streams()
        scene.endure()
    assert 0 < proxy.injected < TRIES * FAULT_SECONDS, "it is tried again, and not without a pause"
    scene.settle()
    scene.check(expected)


RESTLESS = """
from modelservice_operator import app, blocked
from modelservice_operator.cluster.queue import KeyQueue
app.WATCH_PATIENCE, app.WATCH_BACKOFF, blocked.POLL = 1_000_000, 1.0, 1.0
KeyQueue.__init__.__kwdefaults__["cap"] = 1.0
"""
"""What failed is tried again after a second at most, and the watch layer as often as need be."""


def test_every_third_request_is_refused(scene: Scene, installed: LocalCluster, proxy: Proxy) -> None:
    turns, codes = itertools.count(), itertools.cycle([401, 403, 409, 410, 429, 500, 503, 504])

    def mixed(_: web.Request) -> Answer | None:
        return Answer(next(codes)) if next(turns) % 3 == 0 else None

    with scene.without_operator():
        scene.operator = Operator(
            installed, "restless", kubeconfig=proxy.kubeconfig, leader_election="off", prelude=RESTLESS
        )
        scene.begin()
        with proxy.injecting(mixed):
            proxy.cut_streams()
            expected = scene.change()
            scene.settle()
        assert proxy.injected
        scene.check(expected)


@pytest.mark.parametrize("clean", [False, True], ids=["broken", "clean"])
@pytest.mark.parametrize("of", ["writes", "reads"])
def test_bodies_are_cut_off(scene: Scene, proxy: Proxy, of: str, clean: bool) -> None:
    """`clean` is what a buggy middlebox does: the answer is well-formed HTTP and half a JSON object."""

    def rule(request: web.Request) -> Truncate | None:
        chosen = is_write(request) if of == "writes" else not is_write(request) and not is_watch(request)
        return Truncate(clean) if chosen else None

    # kopf lists ten kinds at once, and what it cannot read ends it; the operator's own lists come after that.
    times = 6 if of == "writes" else 14
    with proxy.injecting(rule, times):
        proxy.fail_streams(410)
        expected = scene.change()
        eventually(lambda: proxy.injected == times, why="bodies were cut off")
        scene.settle()
    scene.check(expected, repeated=proxy.injected)


MID_LINE = b'{"type":"MODIFIED","object":{"meta'


@pytest.mark.parametrize("last_words", [b"", MID_LINE], ids=["between", "within"])
@pytest.mark.parametrize("clean", [False, True], ids=["broken", "clean"])
def test_streams_end_between_lines_and_within_one(scene: Scene, proxy: Proxy, last_words: bytes, clean: bool) -> None:
    end = proxy.end_streams if clean else proxy.cut_streams
    eventually(lambda: end(last_words) > 0, why=OPEN)
    expected = scene.change()
    scene.settle()
    scene.check(expected)


@pytest.mark.parametrize("code", [410, 429, 500, 504])
def test_an_error_comes_down_the_streams(scene: Scene, proxy: Proxy, code: int) -> None:
    eventually(lambda: proxy.fail_streams(code) > 0, why=OPEN)
    expected = scene.change()
    scene.settle()
    scene.check(expected)


@pytest.mark.parametrize("version", ["1", "999999999"], ids=["expired", "ahead"])
def test_a_bookmark_has_a_wrong_version(comparing: Scene, proxy: Proxy, version: str) -> None:
    """The next watch begins there: it is refused, or misses what came in between."""
    bookmark: Event = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}}
    eventually(lambda: proxy.tell_streams(bookmark) > 0, why=OPEN)
    proxy.cut_streams()
    expected = comparing.change()
    comparing.settle()
    comparing.check(expected)


def test_events_are_lost_without_a_word(comparing: Scene, proxy: Proxy) -> None:
    """Bookmarks pass, so no stream knows."""
    with proxy.losing(lambda event: event["type"] != "BOOKMARK"):
        expected = comparing.change()
        eventually(lambda: proxy.injected >= len(expected), why="the events were lost")
    comparing.settle()
    comparing.check(expected)


HANGING = """
from kopf._cogs.structs.credentials import Vault
from modelservice_operator.cluster import kopf_settings
kopf_settings.SERVER_TIMEOUT = kopf_settings.INACTIVITY_TIMEOUT = 2
from modelservice_operator.cluster import watch
watch.SILENCE_LIMIT, watch.LOOK_INTERVAL = 6.0, 0.5
takes, vaults = Vault.populate, []
async def take(vault, logged_in):
    if vault not in vaults or vault is not vaults[0]:
        vaults.append(vault)
        await takes(vault, logged_in)
Vault.populate = take
"""
"""The streams of the first watch layer get credentials once; when they ask for new ones they wait for ever."""


def test_kopf_hangs(scene: Scene, installed: LocalCluster, proxy: Proxy) -> None:
    with scene.without_operator():
        scene.operator = Operator(
            installed, "hanging", kubeconfig=proxy.kubeconfig, leader_election="off", prelude=HANGING
        )
        scene.begin()
        eventually(lambda: proxy.cut_streams() > 0, why=OPEN)
        with proxy.injecting(lambda request: Answer(401) if is_watch(request) else None):
            eventually(lambda: proxy.injected > 0, why="kopf has to log in again")
        expected = scene.change()
        scene.settle()
        scene.check(expected)


def test_nothing_passes_and_nobody_is_told(scene: Scene, proxy: Proxy) -> None:
    with proxy.unreachable():
        expected = scene.change()
        scene.endure()
    scene.settle()
    scene.check(expected)


IMPATIENT = """
from aiohttp import ClientTimeout
from modelservice_operator.cluster import kopf_settings, transport
transport.REQUEST_TIMEOUT = ClientTimeout(total=4)
kopf_settings.INACTIVITY_TIMEOUT = 5
"""
"""What never gets an answer is given up after seconds."""


def test_connections_are_dead_and_nobody_is_told(scene: Scene, installed: LocalCluster, proxy: Proxy) -> None:
    """Those that are open, for ever: first with requests under way, then with connections that are kept for the next.

    New ones work. The operator keeps its Lease, although a request may take longer than the Lease can wait.
    """
    with scene.without_operator():
        scene.operator = own = Operator(
            installed,
            "half-open",
            kubeconfig=proxy.kubeconfig,
            prelude=IMPATIENT,
            lease_duration="6",
            renew_deadline="4",
            retry_period="0.5",
        )
        scene.begin()
        eventually(lambda: proxy.streams >= len(WATCHED), why=OPEN)
        with proxy.injecting(lambda request: Delay(0.3) if is_write(request) else None):
            first = scene.change()
            eventually(lambda: proxy.injected >= 2, interval=0.01, why="it is at work")
            proxy.forget_connections()
            scene.settle()
        proxy.forget_connections()
        second = scene.change()
        scene.settle()
        scene.check([*first, *second], repeated=len(first))
        assert own.leading
