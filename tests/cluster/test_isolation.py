"""One broken ModelService never delays the others. Counted in the order of the operator's requests, never timed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from cluster.harness.audit import Audit, Request
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import USER, Operator
from cluster.harness.requests import Api
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from cluster.harness.webhook import webhook_for
from localcluster import Kubectl, LocalCluster
from modelservice_operator.cluster.resources import MODEL_SERVICE

HEALTHY: Final = 180
BROKEN: Final = 20
KINDS: Final = {
    "quota": "QuotaExceeded",
    "denied": "AdmissionDenied",
    "failing": "RequestFailed",
    "taken": "NameConflict",
}
"""Of broken ones: no room in the quota, denied by a webhook, a webhook that fails, a name that is taken."""
DELAYED_AT_MOST: Final = 1.35
"""How many requests are made until the healthy ones are there, for each one that is about these."""
WORKERS: Final = 16
"""Of the operator, by default."""
TRIES_AT_MOST: Final = 12
"""Of one broken child, with a back-off that begins at 0.1 s and doubles: those of three minutes."""


def names(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number}" for number in range(count)]


def create(cluster: LocalCluster, kubectl: Kubectl, services: Sequence[str]) -> None:
    """All of them, in this order and faster than kubectl can."""
    api = Api(cluster)
    for name in services:
        answer = api.create(MODEL_SERVICE.path(kubectl.namespace), Service(kubectl, name, replicas=0).manifest)
        assert answer["kind"] == "ModelService", answer


@contextmanager
def obstacles(cluster: LocalCluster, kubectl: Kubectl, taken: Sequence[str]) -> Iterator[Kubectl]:
    """What stands in the way of the broken ones; gives the namespace whose quota leaves no room."""
    foreign = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"ports": [{"name": "other", "port": 81}]},
        }
        for name in taken
    ]
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none"},
        "spec": {"hard": {"count/deployments.apps": "0"}},
    }
    with ExitStack() as stack:
        full = cluster.kubectl.within(stack.enter_context(temporary_namespace(cluster, "quota")))
        full("create", "-f", "-", given=quota)
        eventually(lambda: full.json("get", "resourcequota", "none")["status"].get("used"))
        kubectl("create", "-f", "-", given=foreign)
        stack.enter_context(webhook_for(cluster, kubectl))
        yield full


def until_all_are_there(requests: Sequence[Request]) -> Sequence[Request]:
    """The requests up to the last of the healthy ones' Deployments."""
    made = [number for number, request in enumerate(requests) if is_deployment(request, "healthy") and request.written]
    assert len(made) == HEALTHY
    return requests[: made[-1] + 1]


def is_deployment(request: Request, *kinds: str) -> bool:
    """It applies a Deployment of one of these."""
    return (request.resource, request.verb) == ("deployments", "patch") and request.name.startswith(kinds)


def test_refused_applies_do_not_delay_the_others(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl, audit: Audit
) -> None:
    """The operator finds all of them at once, the broken ones first."""
    broken = {kind: names(kind, BROKEN // len(KINDS)) for kind in KINDS}
    with obstacles(cluster, kubectl, broken["taken"]) as full:
        mark = audit.mark()
        operator.process.pause()
        try:
            create(cluster, full, broken["quota"])
            create(cluster, kubectl, [*broken["denied"], *broken["failing"], *broken["taken"]])
            create(cluster, kubectl, names("healthy", HEALTHY))
        finally:
            operator.process.resume()
        eventually(
            lambda: kubectl("get", "deployments", "-o", "name").count("/healthy-") == HEALTHY,
            why="every healthy one has its Deployment",
        )
        for kind, reason in KINDS.items():
            service = Service(full if kind == "quota" else kubectl, broken[kind][-1])
            service.wait_for("Ready", "False", reason)
        metrics = operator.get("/metrics")[1]
        requests = audit.requests(user=USER, since=mark, excluding=("leases", "events"))
    needed = until_all_are_there(requests)
    about_healthy = sum(request.name.startswith("healthy") for request in needed)
    tries = Counter(request.name for request in requests if is_deployment(request, *KINDS) and not request.written)
    assert len(needed) <= DELAYED_AT_MOST * about_healthy
    assert max(tries.values()) <= TRIES_AT_MOST, f"each waits its own back-off: {tries}"
    assert metric(metrics, "modelservice_queue_failing") >= len(broken["failing"])
    assert metric(metrics, "workqueue_retries_total") >= 2 * len(broken["failing"])


def test_a_webhook_that_does_not_answer_holds_up_nobody_else(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl, audit: Audit
) -> None:
    """More requests hang than there are workers."""
    hanging, healthy = names("denied", WORKERS + 4), names("healthy", WORKERS + 4)
    with webhook_for(cluster, kubectl) as webhook:
        webhook.holding = True
        mark = audit.mark()
        create(cluster, kubectl, hanging)
        eventually(lambda: webhook.waiting >= WORKERS, why="every worker waits for the webhook")
        create(cluster, kubectl, healthy)
        eventually(
            lambda: kubectl("get", "deployments", "-o", "name").count("/healthy-") == len(healthy),
            why="every healthy one has its Deployment",
        )
        requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
        answered = [request.name for request in requests if is_deployment(request, "denied", "healthy")]
        assert sorted(answered) == sorted(healthy), "no answer of the webhook came before"
        webhook.release()
        Service(kubectl, hanging[0]).wait_for("Ready", "False", "AdmissionDenied")


def metric(metrics: str, name: str) -> float:
    """The value of a metric of the queue."""
    found = re.search(rf'^{name}{{name="modelservice"}} (\S+)$', metrics, re.MULTILINE)
    assert found, metrics
    return float(found[1])
