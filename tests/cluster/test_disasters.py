"""The real thing: API server, etcd, credentials, definitions and the leader itself fail, on a cluster of their own."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import NAME, NAMESPACE, Operator, mount
from cluster.harness.proxy import Delay, Proxy, is_write
from cluster.harness.scene import RECOVERY, Scene
from cluster.harness.wait import eventually
from localcluster import KubectlError, LocalCluster

LEEWAY: Final = 60.0
"""Seconds for which the API server takes a token that has expired, as clocks differ."""


@pytest.fixture(scope="module")
def stage(breakable: LocalCluster) -> Iterator[Scene]:
    operator = Operator(breakable, "operator", leader_election="off").ensure_working()
    with temporary_namespace(breakable, "disasters") as namespace:
        yield Scene(breakable, operator, breakable.kubectl.within(namespace))


@pytest.fixture
def scene(stage: Scene) -> Scene:
    stage.begin()
    return stage


@pytest.fixture
def alone(scene: Scene) -> Iterator[Scene]:
    """Without an operator: the test brings its own."""
    with scene.without_operator():
        yield scene


LOOK_AGAIN: Final = "from modelservice_operator.cluster import service_account; service_account.TOKEN_LIFE = 1.0"
"""The operator looks at its token every second, not every minute."""


def test_tokens_rotate_and_expire(breakable: LocalCluster, alone: Scene, tmp_path: Path) -> None:
    def token(seconds: float) -> str:
        """One that is taken for so long."""
        return breakable.service_account_token(NAMESPACE, NAME, time.time() + seconds - LEEWAY)

    def replace(seconds: float) -> None:
        """As the kubelet does it: who reads finds the old one or the new."""
        new = tmp_path / "new"
        new.write_text(token(seconds))
        new.replace(file)

    def expired(old: str) -> bool:
        try:
            breakable.kubectl(f"--token={old}", "get", "--raw", "/version")
        except KubectlError:
            return True
        return False

    old = token(15)
    file = mount(breakable, tmp_path, old)
    alone.operator = own = Operator(
        breakable,
        "in-a-pod",
        mounted=tmp_path,
        prelude=LOOK_AGAIN,
        leader_election="off",
    )
    pid = own.ensure_working().process.pid
    replace(600)
    eventually(lambda: expired(old), timeout=60, why="the one that it started with has expired")
    first = alone.change()
    alone.settle()
    assert own.refused == 0, "a token that is replaced in time is never refused"
    replace(0)
    second = alone.change()
    eventually(lambda: own.refused > 0, why="it is refused")
    alone.endure()
    replace(600)
    alone.settle()
    alone.check([*first, *second])
    assert own.process.pid == pid


def test_the_api_server_is_killed(breakable: LocalCluster, scene: Scene) -> None:
    pid = scene.operator.process.pid
    before = scene.change()
    breakable.apiserver.kill()
    scene.endure()
    assert scene.operator.get("/healthz")[0] == 200
    breakable.apiserver.start()
    scene.settle()
    after = scene.change()
    scene.settle()
    scene.check([*before, *after], repeated=len(before))
    assert scene.operator.process.pid == pid


def test_etcd_is_killed(breakable: LocalCluster, scene: Scene) -> None:
    pid = scene.operator.process.pid
    before = scene.change()
    breakable.control_plane.etcd.kill()
    scene.endure()
    breakable.control_plane.etcd.start()
    eventually(lambda: breakable.kubectl("get", "--raw", "/readyz"), timeout=RECOVERY, why="the API server is back")
    scene.settle()
    after = scene.change()
    scene.settle()
    scene.check([*before, *after], repeated=len(before))
    assert scene.operator.process.pid == pid


def test_history_is_lost_while_nobody_watched(breakable: LocalCluster, scene: Scene) -> None:
    """After that a watch cannot go on where it was, and the list that follows does not tell what was deleted.

    The first restart of the API server ends the watches: what they told would wait for the operator in its sockets.
    """
    scene.operator.process.pause()
    breakable.apiserver.kill()
    breakable.apiserver.start()
    expected = scene.change()
    breakable.apiserver.kill()
    breakable.control_plane.compact()
    breakable.apiserver.start()
    scene.operator.process.resume()
    scene.settle()
    scene.check(expected)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_an_operator_that_needs_no_lease_is_interrupted_at_work(
    breakable: LocalCluster, alone: Scene, how: str
) -> None:
    """Killed, another process finds what this one has left; stopped, it finds the answers to its requests later."""
    proxy = Proxy(breakable.service_account_kubeconfig(NAMESPACE, NAME)).start()
    kubeconfig = proxy.kubeconfig
    alone.operator = lone = Operator(breakable, how, kubeconfig=kubeconfig, leader_election="off").ensure_working()
    try:
        with proxy.injecting(lambda request: Delay(0.2, late=True) if is_write(request) else None):
            expected = alone.change()
            eventually(lambda: proxy.injected >= 2, interval=0.01, why="it is at work")
            unanswered = proxy.injected
            if how == "killed":
                lone.process.kill()
            else:
                lone.process.pause()
        if how == "killed":
            lone.ensure_working()
        else:
            alone.endure()
            lone.process.resume()
        alone.settle()
        # Who was stopped for minutes gives up requests whose answers lie there, and repeats them.
        alone.check(expected, repeated=unanswered if how == "stopped" else 0)
    finally:
        lone.process.kill()
        proxy.stop()


def candidate(cluster: LocalCluster, name: str, kubeconfig: Path | None = None) -> Operator:
    """An operator that takes over, and gives up, in seconds."""
    return Operator(cluster, name, kubeconfig=kubeconfig, lease_duration="4", renew_deadline="3", retry_period="1")


def test_a_leader_that_was_stopped_writes_nothing_when_it_wakes(breakable: LocalCluster, alone: Scene) -> None:
    """It is stopped in the midst of its work, and finds the answers to its requests when another leads."""
    proxy = Proxy(breakable.service_account_kubeconfig(NAMESPACE, NAME)).start()
    leader = candidate(breakable, "leader", proxy.kubeconfig).ensure_working()
    alone.operator = standby = candidate(breakable, "standby")
    try:
        eventually(lambda: standby.ready, why="the standby is warm")
        with proxy.injecting(lambda request: Delay(0.2) if is_write(request) else None):
            expected = alone.change()
            eventually(lambda: proxy.injected >= 2, interval=0.01, why="it is at work")
            leader.process.pause()
        eventually(lambda: standby.leading, why="the standby has taken over")
        sent = list(proxy.writes)
        leader.process.resume()
        eventually(lambda: leader.process.pid is None, why="it ends")
        assert leader.process.exit_code == 1
        assert proxy.writes == sent
        alone.settle()
        alone.check(expected, repeated=len(expected))
    finally:
        leader.process.kill()
        proxy.stop()
