"""The real HorizontalPodAutoscaler controller over metrics of a stand-in: who says how many pods there are, no dip."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cluster.harness.audit import Audit
from cluster.harness.metrics import Load
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

CPU = {"type": "CPUUtilization", "value": "50"}
SCALING: dict[str, Any] = {
    "minReplicas": 2,
    "maxReplicas": 5,
    "targets": [CPU],
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
}
AT_REST = 2000
"""Millicores of the 4 cores that a pod requests: the target."""


@pytest.fixture(scope="module")
def load(cluster: LocalCluster) -> Iterator[Load]:
    with Load(cluster) as load:
        yield load


def replicas(service: Service) -> int:
    wanted: int = service.child("deployment")["spec"]["replicas"]
    return wanted


@contextmanager
def watching(service: Service, directory: Path) -> Iterator[list[int]]:
    """Every number of replicas that the Deployment has within the block; complete after it."""
    seen: list[int] = []
    path = directory / "replicas"
    kubectl = service.kubectl
    command: list[str | Path] = [kubectl.program, "--kubeconfig", kubectl.kubeconfig, "--namespace", kubectl.namespace]
    command += ["get", "deployment", service.name, "--watch", "-o", "jsonpath={.spec.replicas}{'\\n'}"]
    with path.open("w") as output, subprocess.Popen(command, stdout=output) as process:
        try:
            eventually(path.read_text, why="the watch began")
            yield seen
        finally:
            process.terminate()
    seen += [int(line) for line in path.read_text().split()]


def test_it_scales_up_and_down_and_grows_without_becoming_unready(
    operator: Operator, kubectl: Kubectl, load: Load, audit: Audit
) -> None:
    load.set(kubectl.namespace, AT_REST)
    service = Service(kubectl, scaling=SCALING, replicas=3).apply().ready()
    assert replicas(service) == 3, "where it starts"
    assert service.status["ready"] == "3/3"
    mark = audit.mark()
    load.set(kubectl.namespace, 2 * AT_REST)
    eventually(lambda: replicas(service) == 5, timeout=60, why="it grows")
    eventually(lambda: service.status["ready"] == "5/5")
    load.set(kubectl.namespace, AT_REST // 4)
    eventually(lambda: replicas(service) == 2, timeout=60, why="it shrinks")
    eventually(lambda: service.status["ready"] == "2/2", timeout=60)
    assert service.condition("Ready") == ("True", "ReplicasReady")
    ready = next(c for c in service.status["conditions"] if c["type"] == "Ready")
    assert ready["lastTransitionTime"] <= service.child("horizontalpodautoscaler")["status"]["lastScaleTime"]
    written = {request.resource for request in audit.writes(user=USER, since=mark, namespace=kubectl.namespace)}
    assert written <= {"modelservices", "events"}, "the number is the autoscaler's"
    assert len(service.revisions()) == 1


def test_switching_scaling_on_and_off_keeps_the_pods(
    operator: Operator, kubectl: Kubectl, load: Load, tmp_path: Path
) -> None:
    load.set(kubectl.namespace, AT_REST)
    service = Service(kubectl, replicas=4).apply().ready()
    with watching(service, tmp_path) as seen:
        service.apply(scaling=SCALING).ready()
        eventually(lambda: active(service), timeout=60, why="the autoscaler has taken over")
        load.set(kubectl.namespace, 2 * AT_REST)
        eventually(lambda: replicas(service) == 5, timeout=60)
        service.kubectl("patch", "modelservice", service.name, "--type=merge", "-p", '{"spec":{"scaling":null}}')
        eventually(lambda: replicas(service) == 4, why="spec.replicas counts again")
        service.ready()
    assert set(seen) == {4, 5}, "no dip"
    assert "horizontalpodautoscalers" not in kubectl("get", "horizontalpodautoscalers", "-o", "name")
    assert len(service.revisions()) == 1, "scaling makes no revision"


def active(service: Service) -> bool:
    conditions = service.child("horizontalpodautoscaler")["status"].get("conditions", [])
    return ("ScalingActive", "True") in {(condition["type"], condition["status"]) for condition in conditions}


def test_suspended_and_back_at_the_number_that_the_autoscaler_had(
    operator: Operator, kubectl: Kubectl, load: Load, tmp_path: Path
) -> None:
    load.set(kubectl.namespace, AT_REST)
    service = Service(kubectl, scaling=SCALING).apply().ready()
    load.set(kubectl.namespace, 2 * AT_REST)
    eventually(lambda: service.status["ready"] == "5/5", timeout=60)
    load.set(kubectl.namespace, AT_REST)
    service.apply(suspend=True).wait_for("Ready", "True", "Suspended")
    assert replicas(service) == 0
    assert service.status["accelerators"] == 0
    operator.restart()
    with watching(service, tmp_path) as seen:
        service.apply(suspend=False).ready()
        eventually(lambda: service.status["ready"] == "5/5", timeout=60)
    assert set(seen) == {0, 5}, "at once, not by way of the minimum"
    assert "modelservice.dev/resume-replicas" not in service.child("deployment")["metadata"]["annotations"]


def test_made_while_suspended_no_pod_starts(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    mark = audit.mark()
    service = Service(kubectl, scaling=SCALING, suspend=True).apply()
    service.wait_for("Ready", "True", "Suspended")
    made = [
        r for r in audit.requests(since=mark, namespace=kubectl.namespace) if (r.verb, r.resource) == ("create", "pods")
    ]
    assert made == []
    service.apply(suspend=False).ready()
    assert replicas(service) == 2


def test_a_new_one_costs_one_write_per_child_and_one_for_the_start(
    operator: Operator, kubectl: Kubectl, audit: Audit, load: Load
) -> None:
    load.set(kubectl.namespace, AT_REST)
    mark = audit.mark()
    Service(kubectl, scaling=SCALING, replicas=3).apply().ready()
    own = [r for r in audit.requests(user=USER, since=mark, namespace=kubectl.namespace) if r.resource != "events"]
    writes = [(request.resource, request.verb) for request in own if not request.subresource]
    assert sorted(writes) == [
        ("controllerrevisions", "create"),
        ("deployments", "patch"),
        ("deployments", "patch"),
        ("horizontalpodautoscalers", "patch"),
        ("poddisruptionbudgets", "patch"),
        ("services", "patch"),
    ]


def test_a_metric_that_the_api_server_refuses_names_the_field(operator: Operator, kubectl: Kubectl) -> None:
    metrics = [{"type": "Pods", "pods": {"metric": {"name": "queue"}, "target": {"type": "Utilization"}}}]
    service = Service(kubectl, scaling={"maxReplicas": 3, "metrics": metrics}).apply()
    service.wait_for("Stalled", "True", "InvalidSpec")
    problem = service.problem("InvalidSpec")
    assert "HorizontalPodAutoscaler" in problem["message"]
    assert problem["remedy"].startswith("Correct spec.scaling.metrics:")
    assert service.child("service"), "the other children are there"


def test_evictions_are_held_up_and_the_entrance_is_open(operator: Operator, kubectl: Kubectl) -> None:
    """The budget lets one of two pods go at a time, and none of one that is not enough."""
    entrance = {"host": "models.example.com", "tls": {"secretName": "models-tls"}, "annotations": {"a.example/b": "c"}}
    service = Service(kubectl, replicas=2, endpoint={"ingress": entrance}).apply().ready()
    ingress = service.child("ingress")
    assert ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == service.name
    assert ingress["spec"]["tls"] == [{"hosts": ["models.example.com"], "secretName": "models-tls"}]
    assert ingress["metadata"]["annotations"]["a.example/b"] == "c"
    eventually(lambda: service.child("poddisruptionbudget")["status"]["disruptionsAllowed"] == 1)
    service.apply(replicas=1, endpoint={"port": 80}).ready()
    eventually(lambda: not service.children("poddisruptionbudgets", "ingresses"), why="they are no longer wanted")
    service.apply(disruption={"maxUnavailable": 0}).ready()
    budget = json.loads(kubectl("get", "poddisruptionbudget", service.name, "-o", "json"))
    assert budget["spec"]["maxUnavailable"] == 0
    eventually(lambda: service.child("poddisruptionbudget")["status"].get("observedGeneration"))
    assert service.child("poddisruptionbudget")["status"]["disruptionsAllowed"] == 0
