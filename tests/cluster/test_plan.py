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
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster

PERSON: Final = "planner"
READS: Final = "deployments.apps,services,horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy"
CI: Final = re.compile(r"^### In CI\n\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GPU: Final = "nvidia.com/gpu"
NOBODY: Final = "https://127.0.0.1:1"


class Person:
    """Someone who may read the children and change ModelServices in one namespace, and no more unless granted."""

    def __init__(self, cluster: LocalCluster, kubectl: Kubectl) -> None:
        kubectl("create", "serviceaccount", PERSON)
        self.name = f"system:serviceaccount:{kubectl.namespace}:{PERSON}"
        self.kubeconfig = cluster.service_account_kubeconfig(kubectl.namespace, PERSON)
        self._kubectl = kubectl
        self._granted = 0
        kubectl(
            "create", "rolebinding", "looks", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:{PERSON}"
        )

    def may(self, verbs: str, resources: str) -> "Person":
        """Grant verbs on resources."""
        self._granted += 1
        name = f"grant-{self._granted}"
        self._kubectl("create", "role", name, f"--verb={verbs}", f"--resource={resources}")
        account = f"--serviceaccount={self._kubectl.namespace}:{PERSON}"
        self._kubectl("create", "rolebinding", name, f"--role={name}", account)
        mine = f"--as={self.name}"
        verb, resource = verbs.split(",")[-1], resources.split(",")[-1]
        eventually(
            lambda: self._kubectl("auth", "can-i", verb, resource, mine), why=f"{self.name} may {verb} {resource}"
        )
        return self

    def plan(self, *given: Service | str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run it on ModelServices, or on texts, from standard input."""
        texts = [json.dumps(each.manifest) if isinstance(each, Service) else each for each in given]
        return plan(self.kubeconfig, "-n", self._kubectl.namespace, *flags, given="\n---\n".join(texts))

    def foresees(self, service: Service) -> dict[str, Any]:
        """What it says of one ModelService, for machines."""
        told = self.plan(service, flags=("-o", "json"))
        (found,) = json.loads(told.stdout)
        assert told.returncode == (1 if found["changes"] or found["problems"] else 0), told
        return dict(found)


def plan(kubeconfig: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modelservice_operator", "plan", "--kubeconfig", str(kubeconfig), "-f", "-"]
    return subprocess.run([*command, *arguments], input=given, capture_output=True, text=True, check=False, timeout=60)


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


def actions(found: dict[str, Any]) -> dict[str, str]:
    return {child["kind"]: child["action"] for child in found["children"]}


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
        ({"rollout": {"strategy": "Replace"}}, {"Deployment": "change"}, (2, 2)),
        ({"replicas": 1}, {"Deployment": "change", "PodDisruptionBudget": "delete"}, (2, 1)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
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


def test_what_kubectl_scale_changed_is_a_conflict(person: Person, kubectl: Kubectl, unwritten: None) -> None:
    service = Service(kubectl, replicas=2).apply().ready()
    kubectl("scale", "modelservice", "qwen", "--replicas=3")
    told = person.plan(service)
    assert told.returncode == 2
    assert "Apply failed with 1 conflict" in told.stderr
    assert ".spec.replicas" in told.stderr
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


def test_who_may_not_change_is_told_what_the_schema_says(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    reader = Person(cluster, kubectl).may("get", "modelservices.modelservice.dev")
    service = Service(kubectl).apply().ready()
    told = reader.plan(service)
    assert told.returncode == 0, told
    assert "The API server was not asked" in told.stdout
    told = reader.plan(Service(kubectl, replicas=-1))
    assert told.returncode == 2
    assert "should be greater than or equal to 0" in told.stderr
    service.spec["replicas"] = 2
    assert reader.foresees(service)["pods"]["then"] == 2


def test_who_may_not_read_is_told(operator: Operator, cluster: LocalCluster, kubectl: Kubectl) -> None:
    stranger = Person(cluster, kubectl)
    kubectl("delete", "rolebinding", "looks")
    told = stranger.plan(Service(kubectl))
    assert (told.returncode, told.stdout) == (2, "")
    assert 'cannot get resource "modelservices"' in told.stderr
    stranger.may("get,patch,create", "modelservices.modelservice.dev")
    found = stranger.foresees(Service(kubectl))
    assert set(actions(found).values()) == {"unknown"}
    assert "deployments.apps cannot be read: 403 Forbidden." in found["notes"]


def test_what_the_files_hold_beside_them(person: Person, kubectl: Kubectl) -> None:
    other = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}'
    told = person.plan(other)
    assert (told.returncode, told.stdout) == (0, "")
    assert "-: document 1: skipped, as ConfigMap is no ModelService" in told.stderr
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


def test_an_api_server_that_does_not_answer(cluster: LocalCluster, kubectl: Kubectl, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
    config["clusters"][0]["cluster"]["server"] = NOBODY
    nowhere.write_text(json.dumps(config))
    told = plan(nowhere, given=json.dumps(Service(kubectl).manifest))
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("Error: GET /apis/modelservice.dev/")


def test_a_cluster_without_the_definition(bare_cluster: LocalCluster, kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError):
        bare_cluster.kubectl("get", "crd", "modelservices.modelservice.dev")
    told = plan(bare_cluster.kubeconfig, given=json.dumps(Service(kubectl).manifest))
    assert (told.returncode, told.stdout) == (2, "")
    assert "The CustomResourceDefinition is not installed" in told.stderr
