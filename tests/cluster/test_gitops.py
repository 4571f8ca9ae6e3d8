"""Git owns the object: its tools read it rightly at every moment, and the operator writes nothing that they compare."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from cluster.harness.audit import Audit, settled
from cluster.harness.helm import helm
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from gitops import argocd
from gitops.flux import staging
from gitops.kstatus import kstatus
from localcluster import Kubectl, LocalCluster

SLOW: Final = [{"name": "SIMULATE_START_DELAY", "value": "3s"}]
CRASHING: Final = [{"name": "SIMULATE_FAILURE", "value": "crash"}]
LOADING: Final = [{"name": "SIMULATE_FAILURE", "value": "none, it stays like this"}]
NEVER_READY: Final = [{"name": "SIMULATE_FAILURE", "value": "never-ready"}]

IN_PROGRESS: Final = ("InProgress", "Progressing", "InProgress")
READY: Final = ("Current", "Healthy", "Current")
CRASHES: Final = ("InProgress", "Progressing", "Failed")
SUSPENDED: Final = ("Current", "Suspended", "Current")
FAILED: Final = ("Failed", "Degraded", "Failed")
TERMINATING: Final = ("Terminating", "Progressing", "InProgress")

WAYS: Final = {"applied": "apply", "applied-by-server": "apply --server-side", "replaced": "replace"}
"""How a tool brings a file to the API server: a name, and the words for kubectl."""
Release: TypeAlias = Callable[[str, Service], str]
"""Helm with a verb, on a chart with one ModelService."""


def judged(live: dict[str, Any]) -> tuple[str, str, str]:
    """By kstatus, by Argo CD, and by Flux with the expressions of staging."""
    return kstatus(live), argocd.health(live)[0], staging().verdict(live)


def compared(live: dict[str, Any]) -> dict[str, Any]:
    """All of an object that is not the API server's own bookkeeping, nor status."""
    own = {"managedFields", "generation", "resourceVersion"}
    metadata = {key: value for key, value in live["metadata"].items() if key not in own}
    return {"metadata": metadata, "spec": live["spec"]}


def applied(service: Service) -> dict[str, Any]:
    """The object as the API server answers, before the operator can have looked at it."""
    words = ("apply", "--server-side", "-o", "json", "-f", "-")
    live: dict[str, Any] = json.loads(service.kubectl(*words, given=service.manifest))
    return live


def test_every_tool_reads_every_state_rightly(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl, runtime={"env": LOADING})
    assert judged(applied(service)) == IN_PROGRESS, "fresh"
    service.wait_for("Ready", "Unknown", "Starting")
    assert judged(service.live) == IN_PROGRESS
    service.spec["runtime"] = {"env": SLOW}
    assert judged(applied(service)) == IN_PROGRESS, "just updated"
    assert judged(service.ready().live) == READY
    assert judged(applied(service)) == READY, "the same again is no update"
    service.apply(runtime={"env": LOADING}).wait_for("Ready", "Unknown", "RollingOut")
    assert judged(service.live) == IN_PROGRESS
    service.apply(runtime={"env": CRASHING}).wait_for("Ready", "False", "CrashLooping")
    assert judged(service.live) == CRASHES
    service.apply(suspend=True).wait_for("Ready", "True", "Suspended")
    assert judged(service.live) == SUSPENDED
    hold(service, ["example.com/hold"])
    service.delete("--wait=false")
    assert judged(service.live) == TERMINATING
    hold(service, [])


def hold(service: Service, finalizers: list[str]) -> None:
    """Have the object wait when it is deleted, or no longer."""
    patch = json.dumps({"metadata": {"finalizers": finalizers}})
    service.kubectl("patch", "modelservice", service.name, "--type=merge", "-p", patch)


def test_nothing_that_git_owns_is_written(operator: Operator, kubectl: Kubectl) -> None:
    """What Argo CD puts on an object is neither changed nor copied: a child with it would be pruned."""
    tracking = {"argocd.argoproj.io/tracking-id": "models:modelservice.dev/ModelService:ml/qwen"}
    labels = {"app.kubernetes.io/instance": "models", "team": "search"}
    scaling = {"maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}
    service = Service(kubectl, scaling=scaling)
    manifest = service.manifest
    manifest["metadata"] |= {"labels": labels, "annotations": tracking}
    before = compared(json.loads(kubectl("create", "-f", "-", "-o", "json", given=manifest)))
    assert compared(service.ready().live) == before
    deployment = service.child("deployment")
    kubectl("delete", "deployment", service.name)
    eventually(lambda: service.child("deployment")["metadata"]["uid"] != deployment["metadata"]["uid"])
    operator.restart()
    assert compared(service.ready().live) == before
    fields = kubectl.json("get", "modelservice", service.name, "--show-managed-fields")["metadata"]["managedFields"]
    others = [entry for entry in fields if not entry["manager"].startswith("kubectl")]
    assert {entry.get("subresource") for entry in others} == {"status"}
    for child in service.children("deployments", "services", "horizontalpodautoscalers", "controllerrevisions", "pods"):
        assert not child["metadata"]["labels"].keys() & labels.keys()
        assert not child["metadata"].get("annotations", {}).keys() & tracking.keys()


def test_the_actions_of_argo_cd(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    first = service.pods()
    take(service, "restart")
    eventually(lambda: service.ready().pods().isdisjoint(first), why="every pod is replaced")
    second = service.pods()
    take(service, "suspend")
    service.wait_for("Ready", "True", "Suspended")
    assert argocd.available(service.live) == {"restart": False, "suspend": False, "resume": True}
    service.apply()
    assert service.live["spec"]["suspend"] is True, "a file that does not name the field leaves it alone"
    take(service, "resume")
    service.ready()
    assert service.pods().isdisjoint(second | first)
    assert len(service.revisions()) == 2, "the restart made one, the rest none"


def take(service: Service, action: str) -> None:
    """Take an action as Argo CD does, by a patch of what the script changed."""
    live = service.live
    assert argocd.available(live)[action]
    wanted = argocd.acted(action, live)
    assert compared(wanted) | {"spec": None} == compared(live) | {"spec": None}
    service.kubectl("patch", "modelservice", service.name, "--type=merge", "-p", json.dumps({"spec": wanted["spec"]}))


def test_the_same_file_by_any_way_again_and_again(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    """Every tool has a way of its own, and people add theirs: no default and no pod is lost, and nothing is written."""
    services = {way: Service(kubectl, name) for name, way in WAYS.items()}
    for way, service in services.items():
        kubectl(*("create" if way == "replace" else way).split(), "-f", "-", given=service.manifest)
    before = {way: (service.ready().live, service.pods()) for way, service in services.items()}
    mark = settled(audit)
    for _ in range(3):
        for way, service in services.items():
            kubectl(*way.split(), "-f", "-", given=service.manifest)
    for way in (*services, *reversed(services)):
        kubectl(*way.split(), "-f", "-", given=services["apply"].manifest)
    settled(audit)
    assert audit.writes(user=USER, since=mark, namespace=kubectl.namespace) == []
    for way, service in services.items():
        was, pods = before[way]
        live = service.live
        assert (live["spec"], live["status"]) == (was["spec"], was["status"])
        assert live["metadata"]["generation"] == 1
        assert service.pods() == pods


@pytest.fixture
def release(cluster: LocalCluster, kubectl: Kubectl, tmp_path: Path) -> Release:
    """Runs Helm on a chart that holds one ModelService and nothing else, and waits as long as Helm waits."""
    chart = tmp_path / "models"
    (chart / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": "models", "version": "1.0.0"}
    (chart / "Chart.yaml").write_text(json.dumps(about), "utf-8")

    def run(verb: str, service: Service) -> str:
        (chart / "templates" / "model.yaml").write_text(json.dumps(service.manifest), "utf-8")
        flags = ("--namespace", kubectl.namespace, "--wait=watcher", "--timeout=90s")
        return helm(cluster, verb, "models", chart, *flags, home=tmp_path)

    return run


def test_helm_waits_until_it_is_ready(operator: Operator, kubectl: Kubectl, release: Release) -> None:
    service = Service(kubectl, runtime={"env": SLOW})
    release("install", service)
    assert service.condition("Ready") == ("True", "ReplicasReady")
    first = service.pods()
    service.spec["runtime"] = {"env": SLOW, "args": ["--max-model-len=8192"]}
    release("upgrade", service)
    assert service.condition("Ready") == ("True", "ReplicasReady")
    assert service.pods().isdisjoint(first)


def test_helm_fails_when_it_is_stalled(operator: Operator, kubectl: Kubectl, release: Release) -> None:
    service = Service(kubectl, runtime={"env": NEVER_READY}, rollout={"progressDeadlineSeconds": 10})
    late = "status: Failed, message: The replicas did not become ready within the progress deadline."
    with pytest.raises(AssertionError, match=late):
        release("install", service)
    assert judged(service.live) == FAILED
