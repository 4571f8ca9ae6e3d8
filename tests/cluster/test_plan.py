"""`modelservice plan` against the real API server: what it foresees is what happens, and it writes nothing."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cluster.harness.audit import Audit
from cluster.harness.operator import ROOT, Operator
from cluster.harness.person import Person, actions, plan
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

READS: Final = "deployments.apps,services,horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy"
CI: Final = re.compile(r"^### In CI\n\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GPU: Final = "nvidia.com/gpu"


@pytest.fixture
def person(operator: Operator, cluster: LocalCluster, kubectl: Kubectl) -> Person:
    return Person(cluster, kubectl).may("get,patch,create", "modelservices.modelservice.dev")


@pytest.fixture
def unwritten(audit: Audit, person: Person) -> Iterator[None]:
    """Nothing but dry runs has come from the person by the end of the test."""
    mark = audit.mark()
    yield
    writes = audit.writes(user=person.name, since=mark)
    assert writes
    assert [write.uri for write in writes if "dryRun=All" not in write.uri] == []


def test_a_new_one(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, replicas=2, accelerator={"count": 2})
    found = person.foresees(service)
    assert found["new"]
    assert actions(found) == {"Deployment": "create", "Service": "create", "PodDisruptionBudget": "create"}
    assert found["accelerators"] == {"now": {}, "peak": {GPU: 4}, "then": {GPU: 4}}
    assert kubectl("get", "modelservices,deployments", "-o", "name") == ""
    service.apply().ready()
    assert service.revisions() == [found["revision"]["name"]]


def test_an_unchanged_one_exits_with_0(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, replicas=2).apply().ready()
    told = person.plan(service)
    assert told.returncode == 0, told
    assert told.stdout == f"ModelService {kubectl.namespace}/qwen does not change.\n"
    assert told.stderr == ""


def test_a_change_that_restarts(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, replicas=2).apply().ready()
    pods = service.pods()
    service.spec["runtime"] = {"args": ["--max-model-len=8192"]}
    told = person.plan(service)
    assert told.returncode == 1
    assert "Pods          2 as before; all restart: an old one stops once a new one serves" in told.stdout
    assert "Accelerators  2 nvidia.com/gpu now, 3 at most meanwhile, 2 afterwards" in told.stdout
    changed = [line for line in told.stdout.splitlines() if line.startswith(("+ ", "- "))]
    assert "+        - --max-model-len=8192" in changed
    assert len(changed) == 6, changed
    revision = person.foresees(service)["revision"]
    service.apply()
    eventually(lambda: service.pods().isdisjoint(pods), why="all pods are replaced")
    service.ready()
    assert service.status["revision"]["serving"] == revision["name"]
    assert person.plan(service).returncode == 0


def test_growing_and_restarting_at_once(person: Person, kubectl: Kubectl, audit: Audit) -> None:
    """The Deployment controller first starts old pods, up to the new number: the peak counts them."""
    service = Service(kubectl).apply().ready()
    service.spec |= {"replicas": 3, "accelerator": {"count": 2}}
    found = person.foresees(service)
    assert found["accelerators"] == {"now": {GPU: 1}, "peak": {GPU: 7}, "then": {GPU: 6}}
    mark = audit.mark()
    service.apply().ready()
    requests = audit.requests(since=mark, namespace=kubectl.namespace)
    started = [request for request in requests if (request.resource, request.verb) == ("pods", "create")]
    assert len([request for request in started if not request.subresource]) == 2 + 3


@pytest.mark.parametrize(
    ("change", "becomes", "pods"),
    [
        ({"replicas": 3}, {"Deployment": "change"}, (2, 3)),
        ({"suspend": True}, {"Deployment": "change"}, (2, 0)),
        ({"endpoint": {"port": 8000}}, {"Service": "change"}, (2, 2)),
        (
            {"scaling": {"maxReplicas": 4, "targets": [{"type": "CPUUtilization", "value": "80"}]}},
            {"HorizontalPodAutoscaler": "create"},
            (2, 2),
        ),
        (
            {"scaling": {"minReplicas": 3, "maxReplicas": 4, "targets": [{"type": "CPUUtilization", "value": "80"}]}},
            {"HorizontalPodAutoscaler": "create"},
            (2, 3),
        ),
        ({"rollout": {"strategy": "Replace"}}, {"Deployment": "change"}, (2, 2)),
        ({"replicas": 1}, {"Deployment": "change", "PodDisruptionBudget": "delete"}, (2, 1)),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_changes_without_a_restart(
    person: Person,
    kubectl: Kubectl,
    unwritten: None,
    change: dict[str, Any],
    becomes: dict[str, str],
    pods: tuple[int, int],
) -> None:
    service = Service(kubectl, replicas=2).apply().ready()
    before = service.pods()
    service.spec |= change
    found = person.foresees(service)
    assert {kind: action for kind, action in actions(found).items() if action != "keep"} == becomes
    assert (found["pods"]["now"], found["pods"]["then"], found["pods"]["replaced"]) == (*pods, False)
    service.apply().ready()
    eventually(lambda: len(service.pods()) == pods[1], why="there are as many pods as were foreseen")
    assert service.pods() <= before or before <= service.pods()
    eventually(lambda: person.plan(service).returncode == 0, why="all that was foreseen was done")


def test_a_field_that_kubectl_apply_would_take_away(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, replicas=2)
    kubectl("apply", "-f", "-", given=service.manifest)
    kubectl("annotate", "modelservice", "qwen", "example.com/by=another")
    service.ready()
    assert person.plan(service).returncode == 0
    del service.spec["replicas"]
    found = person.foresees(service)
    assert (found["pods"]["now"], found["pods"]["then"]) == (2, 1)
    assert "-  replicas: 2" in found["diff"]


@pytest.mark.parametrize("scaled", [False, True])
def test_what_server_side_apply_takes_over_from_kubectl_apply(
    person: Person, kubectl: Kubectl, unwritten: None, scaled: bool
) -> None:
    """A field that nobody else has changed meanwhile goes when it is no longer given."""
    service = Service(kubectl, replicas=2)
    kubectl("apply", "-f", "-", given=service.manifest)
    service.ready()
    if scaled:
        kubectl("scale", "modelservice", "qwen", "--replicas=3")
    told = person.plan(service, flags=("--field-manager=ci",))
    assert told.returncode == (2 if scaled else 0), told
    assert ("or take it with --force-conflicts" in told.stderr) == scaled
    assert person.foresees(service, "--force-conflicts")["pods"]["then"] == 2
    del service.spec["replicas"]
    found = person.foresees(service, "--field-manager=ci")
    kubectl("apply", "--server-side", "--field-manager=ci", "-f", "-", given=service.manifest)
    assert found["pods"]["then"] == service.live["spec"]["replicas"] == (3 if scaled else 1)


def test_a_name_that_is_a_path_is_not_sent(person: Person, kubectl: Kubectl, audit: Audit) -> None:
    mark = audit.mark()
    metadata = {"name": f"../../../../../../../api/v1/namespaces/{kubectl.namespace}"}
    told = person.plan(json.dumps(Service(kubectl).manifest | {"metadata": metadata}), Service(kubectl))
    assert told.returncode == 2
    assert "Error: -: document 1: metadata.name: Invalid value: " in told.stderr
    assert f"ModelService {kubectl.namespace}/qwen is new." in told.stdout
    uris = [write.uri.partition("?")[0] for write in audit.writes(user=person.name, since=mark)]
    assert {uri.rpartition("/")[2] for uri in uris} == {"qwen"}
    told = plan(person.kubeconfig, "-n", "../x", given=json.dumps(Service(kubectl).manifest))
    assert (told.returncode, told.stderr) == (
        2,
        "Error: '../x' is no name of an object or namespace: letters, digits, - and . make one\n",
    )


def test_what_kubectl_scale_changed_is_a_conflict(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, replicas=2).apply().ready()
    kubectl("scale", "modelservice", "qwen", "--replicas=3")
    told = person.plan(service)
    assert told.returncode == 2
    assert "Apply failed with 1 conflict" in told.stderr
    assert ".spec.replicas" in told.stderr
    assert "or take it with --force-conflicts" in told.stderr
    eventually(lambda: len(service.pods()) == 3, why="it is scaled")
    forced = person.plan(service, flags=("--force-conflicts",))
    assert forced.returncode == 1
    assert "3 become 2" in forced.stdout


def test_a_refused_one_exits_with_2_and_hides_no_other(person: Person, kubectl: Kubectl) -> None:
    good = Service(kubectl, "good")
    told = person.plan(Service(kubectl, "bad", replicas=-1), good, Service(kubectl, "odd", modle={}))
    assert told.returncode == 2
    assert f"ModelService {kubectl.namespace}/good is new." in told.stdout
    bad, odd = told.stderr.splitlines()
    refused = "the API server refuses it: "
    assert bad.startswith(f"Error: ModelService {kubectl.namespace}/bad: {refused}")
    assert "should be greater than or equal to 0" in bad
    assert odd.startswith(f"Error: ModelService {kubectl.namespace}/odd: {refused}")
    assert ".spec.modle: field not declared in schema" in odd
    assert kubectl("get", "modelservices", "-o", "name") == ""


def test_what_only_the_operator_refuses_is_a_problem(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, model={"uri": "hf://a/b-GGUF@main"})
    found = person.foresees(service)
    assert "spec.model.uri" in found["problems"][0]
    assert found["children"] == []


def test_a_child_that_the_api_server_refuses_is_a_problem(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    person.may("patch,create", READS)
    service = Service(kubectl).apply().ready()
    service.spec["podTemplate"] = {"spec": {"restartPolicy": "Sometimes"}}
    found = person.foresees(service)
    assert any("restartPolicy" in problem for problem in found["problems"])
    del service.spec["podTemplate"]
    assert person.foresees(service)["problems"] == []


def test_a_secret_that_the_api_server_quotes_is_hidden(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    person.may("patch,create", READS)
    service = Service(kubectl).apply().ready()
    password = {"name": "DB_PASSWORD", "value": 87654321}
    service.spec["podTemplate"] = {"spec": {"containers": [{"name": "server", "env": [password]}]}}
    told = person.plan(service)
    assert told.returncode == 1
    assert "Problem: " in told.stdout
    assert "DB_PASSWORD" in told.stdout
    assert "87654321" not in told.stdout + told.stderr


def test_a_foreign_service_is_a_problem(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    kubectl("create", "service", "clusterip", "qwen", "--tcp=80")
    found = person.foresees(Service(kubectl))
    assert actions(found) == {"Deployment": "create", "Service": "blocked"}
    assert "does not belong to this ModelService" in found["problems"][0]


def test_orphans_are_adopted_without_a_restart(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    service.delete("--cascade=orphan")
    found = person.foresees(service)
    assert actions(found) == {"Deployment": "adopt", "Service": "adopt"}
    assert not found["pods"]["replaced"]
    service.apply().ready()
    assert service.pods() == pods


def test_what_the_files_hold_beside_them(person: Person, kubectl: Kubectl) -> None:
    other = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}'
    told = person.plan(other)
    assert (told.returncode, told.stdout) == (0, "")
    assert "-: skipped what is no ModelService: 1 ConfigMap." in told.stderr
    told = person.plan(other, "a: [", Service(kubectl))
    assert told.returncode == 2
    assert f"ModelService {kubectl.namespace}/qwen is new." in told.stdout
    assert "Error: -: document 2: line " in told.stderr
    elsewhere = Service(kubectl).manifest | {"metadata": {"name": "qwen", "namespace": "elsewhere"}}
    told = person.plan(json.dumps(elsewhere))
    assert told.returncode == 2
    assert f"is elsewhere, and {kubectl.namespace} was asked for" in told.stderr


def test_the_lines_for_ci_do_as_the_page_says(person: Person, kubectl: Kubectl, tmp_path: Path) -> None:
    (lines,) = CI.findall((ROOT / "docs" / "using.md").read_text("utf-8"))
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "qwen.json"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"KUBECONFIG": str(person.kubeconfig), "PATH": path}

    def job(service: Service) -> subprocess.CompletedProcess[str]:
        placed = {"name": service.name, "namespace": kubectl.namespace}
        file.write_text(json.dumps(service.manifest | {"metadata": placed}))
        command = ["bash", "-e", "-c", lines]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    done = job(Service(kubectl))
    assert (done.returncode, f"ModelService {kubectl.namespace}/qwen is new." in done.stdout) == (0, True), done
    assert job(Service(kubectl, replicas=-1)).returncode == 1
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", given=Service(kubectl, replicas=1).manifest)
    done = job(Service(kubectl, replicas=2))
    assert (done.returncode, "Apply failed with 1 conflict" in done.stderr) == (1, True), done
