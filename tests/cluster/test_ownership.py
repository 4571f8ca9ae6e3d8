"""Whose a child is: foreign objects are left alone, a predecessor's are waited for, orphans are adopted."""

from typing import Any

import pytest

from cluster.harness.clock import server_time
from cluster.harness.operator import Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl

FOREIGN: dict[str, dict[str, Any]] = {
    "service": {
        "apiVersion": "v1",
        "kind": "Service",
        "spec": {"selector": {"app": "theirs"}, "ports": [{"port": 80}]},
    },
    "service without a clashing field": {
        "apiVersion": "v1",
        "kind": "Service",
        "spec": {"ports": [{"name": "theirs", "port": 9999}]},
    },
    "deployment": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "theirs"}},
            "template": {
                "metadata": {"labels": {"app": "theirs"}},
                "spec": {"containers": [{"name": "c", "image": "example.com/c:1"}]},
            },
        },
    },
}


def shape(live: dict[str, Any]) -> dict[str, Any]:
    """Whatever of a foreign object we could have touched."""
    metadata = {key: live["metadata"].get(key) for key in ("uid", "labels", "annotations", "ownerReferences")}
    return {"metadata": metadata, "spec": live["spec"]}


@pytest.mark.parametrize("which", FOREIGN)
def test_a_foreign_object_is_left_alone_and_named(operator: Operator, kubectl: Kubectl, which: str) -> None:
    foreign = FOREIGN[which] | {"metadata": {"name": "qwen"}}
    kind = str(foreign["kind"])
    kubectl("create", "-f", "-", given=foreign)
    before = shape(kubectl.json("get", kind, "qwen"))
    # Timestamps have whole seconds, and what is not older than the ModelService might be its own.
    eventually(
        lambda: kubectl("get", kind, "qwen", "-o", "jsonpath={.metadata.creationTimestamp}") < server_time(kubectl)
    )
    service = Service(kubectl).apply()
    service.wait_for("Stalled", "True", "NameConflict")
    assert f"{kind} {kubectl.namespace}/qwen" in service.problem("NameConflict")["message"]
    assert shape(kubectl.json("get", kind, "qwen")) == before
    kubectl("delete", kind, "qwen")
    service.ready(timeout=60)


def test_a_predecessors_children_are_waited_for(operator: Operator, kubectl: Kubectl) -> None:
    """A finalizer keeps the old Service until the test lets it go."""
    service = Service(kubectl).apply().ready()
    old = service.live["metadata"]["uid"]
    kubectl("patch", "service", "qwen", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    service.delete()
    service.apply()
    service.wait_for("Reconciling", "True", "WaitingForPredecessor")
    assert service.condition("Ready") == ("Unknown", "WaitingForPredecessor")
    assert service.child("service")["metadata"]["ownerReferences"][0]["uid"] == old
    kubectl("patch", "service", "qwen", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    service.ready()
    assert service.child("service")["metadata"]["ownerReferences"][0]["uid"] == service.live["metadata"]["uid"] != old


def test_deleted_and_created_again_at_once_comes_up_clean(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    service.delete("--wait=false")
    service.apply().ready()
    uid = service.live["metadata"]["uid"]
    for child in service.children("deployments", "services", "controllerrevisions"):
        assert [owner["uid"] for owner in child["metadata"]["ownerReferences"]] == [uid]
    assert service.pods().isdisjoint(pods)


def test_orphans_are_adopted_without_a_restart(operator: Operator, kubectl: Kubectl) -> None:
    """The garbage collector patches the ControllerRevision, whose data must survive that byte for byte."""
    service = Service(kubectl).apply().ready()
    service.apply(runtime={"args": ["--chat-template=<ü & ö>"]}).ready()
    pods, revisions = service.pods(), service.revisions()
    service.delete("--cascade=orphan")
    eventually(lambda: "ownerReferences" not in service.child("service")["metadata"])
    service.apply().ready()
    uid = service.live["metadata"]["uid"]
    for child in service.children("deployments", "services", "controllerrevisions"):
        assert [owner["uid"] for owner in child["metadata"]["ownerReferences"]] == [uid]
    assert service.pods() == pods
    assert service.revisions() == revisions
