"""Failure of the API server and of the network is normal operation: it catches up, without restart or noise."""

import itertools
import time
from collections.abc import Iterator

import pytest
from aiohttp import web

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator, install
from cluster.harness.proxy import Answer, Proxy
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

OUTAGE_SECONDS = 60


@pytest.fixture
def proxied(installed: LocalCluster, operator: Operator) -> Iterator[tuple[Operator, Proxy]]:
    """An operator of its own behind a proxy; the shared one rests meanwhile."""
    operator.process.stop()
    behind = installed.service_account_kubeconfig("modelservice-system", "modelservice")
    proxy = Proxy(behind).start()
    own = Operator(installed, "proxied", kubeconfig=proxy.kubeconfig)
    try:
        yield own.ensure_working(), proxy
    finally:
        own.process.stop()
        proxy.stop()


def test_a_minute_without_api_server(own_cluster: LocalCluster) -> None:
    install(own_cluster)
    kubectl = own_cluster.kubectl.within("default")
    operator = Operator(own_cluster, "operator", leader_election="off").ensure_working()
    pid = operator.process.pid
    service = Service(kubectl).apply().ready()
    pods, revisions = service.pods(), service.revisions()
    own_cluster.apiserver.kill()
    time.sleep(OUTAGE_SECONDS)
    assert operator.get("/healthz")[0] == 200
    own_cluster.apiserver.start()
    audit = Audit(own_cluster)
    mark = audit.mark()
    service.apply(replicas=2)
    other = Service(kubectl, "other").apply()
    eventually(lambda: service.child("deployment")["spec"]["replicas"] == 2, why="the operator has caught up")
    eventually(lambda: other.child("service"), why="the operator has caught up")
    # The scheduler and the controllers take more than a minute to come back. A pod whose node was given up meanwhile
    # stays unready: no kubelet of KWOK's takes that back. So only the new one can become Ready.
    other.ready(timeout=180)
    assert operator.process.pid == pid, "the operator was restarted"
    assert pods <= service.pods()
    assert service.revisions() == revisions
    writes = [r for r in audit.writes(user=USER, since=mark) if r.resource in {"deployments", "services"}]
    assert sorted((r.resource, r.name) for r in writes) == [
        ("deployments", other.name),
        ("deployments", service.name),
        ("services", other.name),
    ]


def test_what_was_deleted_in_a_gap_is_noticed(
    proxied: tuple[Operator, Proxy], cluster: LocalCluster, kubectl: Kubectl
) -> None:
    """kopf does not report it: the sweep after the relist has to."""
    _, proxy = proxied
    service = Service(kubectl).apply().ready()
    gone = Answer(410, "too old resource version")
    with proxy.injecting(lambda request: gone if "watch" in request.query else None):
        assert proxy.fail_streams(410, "too old resource version") > 0
        kubectl("delete", "service", service.name)
    eventually(lambda: service.child("service"), timeout=60, why="the deleted Service is made again")


def test_too_many_requests_are_waited_out(proxied: tuple[Operator, Proxy], kubectl: Kubectl, audit: Audit) -> None:
    _, proxy = proxied
    refusal = Answer(429, "too many requests", (("Retry-After", "3"),))

    ours = f"/namespaces/{kubectl.namespace}/controllerrevisions"
    tries: list[float] = []

    def revisions(request: web.Request) -> Answer | None:
        if request.method != "POST" or not request.path.endswith(ours):
            return None
        tries.append(time.monotonic())
        return refusal

    mark = audit.mark()
    with proxy.injecting(revisions):
        service = Service(kubectl).apply()
        eventually(lambda: len(tries) >= 3, why="it is tried again")
    assert min(later - earlier for earlier, later in itertools.pairwise(tries)) >= 3, "Retry-After is not obeyed"
    service.ready(timeout=60)
    creates = [r for r in audit.writes(user=USER, since=mark, namespace=kubectl.namespace) if not r.subresource]
    assert sorted(r.resource for r in creates if r.resource != "events") == [
        "controllerrevisions",
        "deployments",
        "services",
    ]


def test_a_kind_that_is_not_served_for_a_moment_is_survived(proxied: tuple[Operator, Proxy], kubectl: Kubectl) -> None:
    """As when the CRD goes: kopf gives up on a 404, and does not end by itself."""
    operator, proxy = proxied
    pid = operator.process.pid
    service = Service(kubectl).apply().ready()
    for replicas in (2, 3, 4):
        _with_the_kind_gone(proxy)
        service.apply(replicas=replicas)
        service.wait_for("Ready", "True", "ReplicasReady")
        assert service.status["ready"] == f"{replicas}/{replicas}"
    assert operator.process.pid == pid
    assert operator.ready


def _with_the_kind_gone(proxy: Proxy) -> None:
    gone, refused = Answer(404, "404 page not found"), proxy.injected
    with proxy.injecting(lambda request: gone if request.path.endswith("/modelservices") else None):
        assert proxy.cut_streams() > 0
        eventually(lambda: proxy.injected > refused, why="the kind was asked for")
