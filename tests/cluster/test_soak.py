"""Whatever happens at random, for as long as one likes: everything converges. And faults in a row leave nothing behind.

SEED, SOAK_SECONDS and SOAK_REPETITIONS choose what is done and for how long; see `make soak`.
"""

import os
import random
import time
from collections.abc import Iterator
from typing import Final

import pytest

from cluster.harness.convergence import unconverged
from cluster.harness.crowd import Crowd
from cluster.harness.lengths import SOAK_REPETITIONS, SOAK_SECONDS
from cluster.harness.mishaps import MISHAPS
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import NAME, NAMESPACE, Operator
from cluster.harness.proxy import Answer, Proxy
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from localcluster.cluster import say

SEED: Final = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
WARM_UP: Final = 2
"""Repetitions after which everything has been used once."""
UNSTEADY: Final = {"tasks": 5.0, "files": 5.0, "objects": 1800.0, "MiB": 6.0}
"""By how much two looks may differ, however many repetitions lie between."""
LEAK: Final = {"tasks": 0.1, "files": 0.1, "objects": 50.0, "MiB": 0.1}
"""What a repetition must not leave behind, beyond that."""
ROUNDS: Final = 5
"""At least, however long that takes: the garbage collector looks for new kinds only every thirty seconds."""
RECOVERY: Final = 90.0
"""Seconds, of which the sweep that finds lost events takes ten, and the back-off of the watch layer up to thirty."""


@pytest.fixture(scope="module")
def proxy(installed: LocalCluster, running_operator: Operator) -> Iterator[Proxy]:
    """For an operator of the test's own; the shared one rests meanwhile."""
    running_operator.process.stop()
    proxy = Proxy(installed.service_account_kubeconfig(NAMESPACE, NAME)).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def within(installed: LocalCluster) -> Iterator[Kubectl]:
    with temporary_namespace(installed, "soak") as namespace:
        yield installed.kubectl.within(namespace)


class Soak:
    """Rounds in which users, others, the network and the operator do what the dice say."""

    def __init__(self, operator: Operator, proxy: Proxy, kubectl: Kubectl, seed: int) -> None:
        self._operator = operator
        self._proxy = proxy
        self._kubectl = kubectl
        self._dice = random.Random(seed)  # noqa: S311 (no cryptography)
        self._crowd = Crowd(kubectl, self._dice)
        self.rounds = self.kills = self.ends = 0
        """How many there were, how often the operator was killed, and how often it ended by itself."""

    def round(self) -> None:
        """Something fails, things happen, the operator may be killed; then all is well, and everything converges."""
        self.rounds += 1
        mishap = self._dice.choice(MISHAPS)
        say(f"round {self.rounds}: {mishap.__name__}")
        # The proxy asks its dice as often as requests come, which depends on time.
        with mishap(self._proxy, random.Random(self._dice.random())):  # noqa: S311 (no cryptography)
            for _ in range(self._dice.randint(1, 4)):
                say(f"  {self._crowd.act()}")
                if self._dice.random() < 0.15:
                    self._kill()
        eventually(self._converged, timeout=RECOVERY, interval=0.3, why="every ModelService has converged")

    def _kill(self) -> None:
        say("  kill the operator")
        self._operator.process.kill()
        self._operator.process.start()
        self.kills += 1

    def _converged(self) -> bool:
        if self._operator.process.pid is None:  # as a kubelet does
            self.ends += 1
            self._operator.process.start()
        complaints = unconverged(self._kubectl.kubeconfig, self._kubectl.namespace)
        assert not complaints, complaints
        return True


def test_everything_converges_whatever_happens(
    installed: LocalCluster, proxy: Proxy, within: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(installed, "soaked", kubeconfig=proxy.kubeconfig, leader_election="off", resync_seconds="10")
    soak = Soak(operator.ensure_working(), proxy, within, SEED)
    with capsys.disabled():
        say(f"SEED={SEED} SOAK_SECONDS={SOAK_SECONDS:g}")
    started = time.monotonic()
    try:
        while time.monotonic() - started < SOAK_SECONDS or soak.rounds < ROUNDS:
            soak.round()
    finally:
        operator.process.stop()
        lasted = f"{soak.rounds} rounds in {time.monotonic() - started:.0f} s"
        with capsys.disabled():
            say(f"{lasted}, killed {soak.kills} times, ended by itself {soak.ends} times")


COUNTING = """
import asyncio, gc
from prometheus_client import Gauge
from modelservice_operator import app, metrics
from modelservice_operator.cluster import kopf_settings
app.WATCH_PATIENCE, app.WATCH_BACKOFF = 1_000_000, 0.1
kopf_settings.SERVER_TIMEOUT, kopf_settings.INACTIVITY_TIMEOUT = 8, 8
of_the_process = metrics.ProcessCollector
def objects():
    gc.collect()
    return len(gc.get_objects())
def with_ours(registry):
    Gauge("tasks", "asyncio tasks", registry=registry).set_function(lambda: len(asyncio.all_tasks()))
    Gauge("objects", "what is no garbage", registry=registry).set_function(objects)
    return of_the_process(registry=registry)
metrics.ProcessCollector = with_ours
"""
"""Has the operator tell how many tasks and objects it has, and start a watch layer that failed again at once, however
often. What timers hold of a watch that ended, they let go after seconds, not after two minutes.
"""


def test_faults_in_a_row_leave_nothing_behind(
    installed: LocalCluster, proxy: Proxy, within: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(installed, "in-a-row", kubeconfig=proxy.kubeconfig, leader_election="off", prelude=COUNTING)
    pid = operator.ensure_working().process.pid
    service = Service(within, replicas=0)
    ports = iter(range(8000, 60000))

    def follows() -> None:
        """The operator has heard of a change, and has written."""
        port = next(ports)
        service.apply(endpoint={"port": port})
        eventually(lambda: service.child("service")["spec"]["ports"][0]["port"] == port, why="it follows")

    def repetition() -> None:
        proxy.cut_streams()
        follows()
        proxy.fail_streams(410)
        follows()
        proxy.fail_streams(500)
        follows()
        with proxy.injecting(lambda _: Answer(503)):
            proxy.cut_streams()
            eventually(lambda: proxy.injected >= 3, why="requests were refused")
        follows()

    def used() -> dict[str, float]:
        return {
            "tasks": operator.metric("tasks"),
            "files": operator.metric("process_open_fds"),
            "objects": operator.metric("objects"),
            "MiB": operator.metric("process_resident_memory_bytes") / 2**20,
        }

    def grown() -> dict[str, float]:
        """What has grown by what a leak would leave."""
        growth = {what: now - before[what] for what, now in used().items()}
        return {what: by for what, by in growth.items() if by >= UNSTEADY[what] + repetitions * LEAK[what]}

    started = time.monotonic()
    repetitions = 0
    try:
        for _ in range(WARM_UP):
            repetition()
        before = used()
        while repetitions < SOAK_REPETITIONS:
            repetition()
            used()  # collects what is garbage, so that memory does not grow by it
            repetitions += 1
        with capsys.disabled():
            say(f"{repetitions} repetitions in {time.monotonic() - started:.0f} s, from {before} to {used()}")
        eventually(
            lambda: not grown(), why=f"nothing has grown by {UNSTEADY}, and {LEAK} for each repetition, since {before}"
        )
        assert operator.process.pid == pid
    finally:
        operator.process.stop()
