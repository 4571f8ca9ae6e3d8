"""Revisions: a template is rendered once; only a change that shapes the pods makes a new one."""

import shutil
from pathlib import Path

from cluster.harness.audit import Audit
from cluster.harness.operator import ROOT, USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster


def test_changing_args_makes_one_revision_and_one_rollout(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    first, pods = service.revisions(), service.pods()
    service.apply(runtime={"args": ["--max-model-len=8192"]}).ready()
    assert len(service.revisions()) == 2
    assert service.revisions()[0] == first[0]
    assert service.pods().isdisjoint(pods)
    assert len(service.children("replicasets")) == 2
    assert service.status["revision"]["serving"] == service.revisions()[1]


def test_what_does_not_shape_the_pods_makes_no_revision(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    service.apply(endpoint={"port": 8080}, replicas=2, rollout={"progressDeadlineSeconds": 900})
    kubectl("label", "modelservice", service.name, "team=search")
    eventually(lambda: service.status["ready"] == "2/2")
    eventually(lambda: service.child("service")["spec"]["ports"][0]["port"] == 8080)
    assert service.status["url"].endswith(".svc:8080/v1")
    assert len(service.revisions()) == 1
    assert pods < service.pods()


def test_restart_makes_a_revision_and_going_back_takes_the_old_one(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    first = service.revisions()[0]
    service.apply(rollout={"restart": "2026-11-22"}).ready()
    second = service.revisions()[-1]
    assert second != first
    service.apply(rollout={"restart": ""}).ready()
    assert service.revisions() == [second, first], "the stored revision became the newest again"
    assert service.status["revision"]["serving"] == first


def test_old_revisions_are_pruned(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply(rollout={"revisionHistoryLimit": 1}).ready()
    for number in range(3):
        service.apply(rollout={"revisionHistoryLimit": 1, "restart": str(number)}).ready()
    eventually(lambda: len(service.revisions()) == 2, why="the newest and one old revision are kept")
    assert service.status["revision"]["serving"] == service.revisions()[-1]


def test_an_operator_that_renders_differently_restarts_nothing(
    operator: Operator, installed: LocalCluster, kubectl: Kubectl, audit: Audit, tmp_path: Path
) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    newer = tmp_path / "modelservice_operator"
    shutil.copytree(ROOT / "operator" / "modelservice_operator", newer)
    data = newer / "runtimes" / "vllm.yaml"
    data.write_text(data.read_text("utf-8").replace("v0.33.0", "v0.34.0"), "utf-8")
    operator.process.stop()
    mark = audit.mark()
    upgraded = Operator(installed, "upgraded", python_path=tmp_path)
    try:
        upgraded.ensure_working()
        kubectl("annotate", "modelservice", service.name, "look=again")
        service.apply(replicas=2)
        eventually(lambda: service.status["ready"] == "2/2")
        assert pods < service.pods()
        assert service.status["runtime"]["image"].endswith(":v0.33.0")
        written = {request.resource for request in audit.writes(user=USER, since=mark, namespace=kubectl.namespace)}
        assert "controllerrevisions" not in written
        service.apply(rollout={"restart": "2026-11-22"}).ready()
        assert service.status["runtime"]["image"].endswith(":v0.34.0"), "a restart that was asked for renders anew"
        service.apply(rollout={"restart": ""}).ready()
        assert service.status["runtime"]["image"].endswith(":v0.33.0"), "and the stored template comes back"
    finally:
        upgraded.process.stop()


def test_a_lost_revision_is_rebuilt_from_the_live_template(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    pods, revisions = service.pods(), service.revisions()
    kubectl("delete", "controllerrevision", *revisions)
    eventually(lambda: service.revisions() == revisions, why="the revision is back")
    service.ready()
    assert service.pods() == pods
    assert len(service.children("replicasets")) == 1


def test_a_revision_that_cannot_go_is_waited_for(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    revision = f"controllerrevision/{service.revisions()[0]}"
    kubectl("patch", revision, "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    mark = audit.mark()
    kubectl("delete", revision, "--wait=false")
    service.wait_for("Reconciling", "True", "WaitingForPredecessor")
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    assert len([request for request in requests if request.resource == "controllerrevisions"]) < 10
    kubectl("patch", revision, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    service.ready()
    assert service.pods() == pods


def test_an_intent_that_the_api_server_refuses_is_tried_once(
    operator: Operator, kubectl: Kubectl, audit: Audit
) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    mark = audit.mark()
    service.apply(runtime={"env": [{"name": "BAD=NAME", "value": "x"}]})
    service.wait_for("Stalled", "True", "InvalidSpec")
    problem = service.problem("InvalidSpec")
    assert "BAD=NAME" in problem["message"]
    assert "a valid environment variable name" in problem["message"]
    kubectl("annotate", "modelservice", service.name, "look=again")
    kubectl("label", "service", service.name, "wake=up")
    eventually(lambda: service.child("service")["metadata"]["labels"]["wake"] == "up")
    service.apply(endpoint={"port": 81})
    eventually(lambda: service.child("service")["spec"]["ports"][0]["port"] == 81, why="the rest is still applied")
    tries = [
        r for r in audit.requests(user=USER, since=mark, namespace=kubectl.namespace) if r.resource == "deployments"
    ]
    assert [request.code for request in tries] == [422]
    assert service.pods() == pods, "the old replicas serve on"
    service.wait_for("Available", "True")
    service.apply(runtime={"env": []}).ready()
