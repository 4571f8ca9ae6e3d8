"""`modelservice explain` and `status`, with the rights of whoever asks."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from cluster.harness.operator import Operator
from cluster.harness.person import Person
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster


def modelservice(kubectl: Kubectl, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    whose = str(kubeconfig or kubectl.kubeconfig)
    command = [sys.executable, "-m", "modelservice_operator", *arguments, "--kubeconfig", whose]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def is_well(kubectl: Kubectl, name: str) -> bool:
    told = modelservice(kubectl, "explain", name, "-n", kubectl.namespace)
    return told.returncode == 0 and told.stdout.startswith(f"{name} in {kubectl.namespace} is ready")


def test_a_shortage_is_explained_with_who_holds_the_devices(operator: Operator, kubectl: Kubectl) -> None:
    Service(kubectl, "holds", accelerator={"count": 2}).apply().ready()
    Service(kubectl, "wants", accelerator={"count": 16}).apply().wait_for("Ready", "False", "InsufficientAccelerators")
    told = modelservice(kubectl, "explain", "wants", "-n", kubectl.namespace)
    assert (told.returncode, told.stderr) == (1, "")
    first, *lines = told.stdout.splitlines()
    assert first.startswith(f"wants in {kubectl.namespace} is not ready: InsufficientAccelerators, for ")
    assert "the largest node has 8" in " ".join(told.stdout.split())
    (holder,) = (line for line in lines if f"{kubectl.namespace}/holds-" in line)
    assert "(2)" in holder
    assert all(len(line) <= 80 for line in lines if "HELD BY" not in line and f"{kubectl.namespace}/" not in line)


def test_a_crash_is_explained_with_its_last_lines(operator: Operator, kubectl: Kubectl) -> None:
    crash = {"env": [{"name": "SIMULATE_FAILURE", "value": "crash"}]}
    Service(kubectl, runtime=crash).apply().wait_for("Ready", "False", "CrashLooping")
    told = modelservice(kubectl, "explain", "qwen", "-n", kubectl.namespace, "-o", "json")
    report = json.loads(told.stdout)
    assert told.returncode == 1
    assert report["problems"][0]["reason"] == "CrashLooping"
    assert any("Engine core initialization failed" in line for line in report["output"]["lines"])


def test_status_lists_services_and_their_worst_problem(operator: Operator, kubectl: Kubectl) -> None:
    Service(kubectl, "good").apply().ready()
    told = modelservice(kubectl, "status", "-n", kubectl.namespace)
    assert told.returncode == 0
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["NAME", "good"]
    Service(kubectl, "wants", accelerator={"count": 16}).apply().wait_for("Ready", "False", "InsufficientAccelerators")
    told = modelservice(kubectl, "status", "-A")
    assert told.returncode == 1
    assert f"{kubectl.namespace}/wants: InsufficientAccelerators" in told.stdout


def test_what_the_status_knows_nothing_of_while_the_operator_is_away(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    services = {
        name: Service(kubectl, name).apply().ready() for name in ("gone", "cut-off", "changed", "empty", "later")
    }
    for name in services:
        assert is_well(kubectl, name)
    operator.process.stop()
    kubectl("delete", "deployment", "gone")
    kubectl("delete", "service", "cut-off")
    kubectl("set", "image", "deployment/changed", "server=example.com/other:1")
    kubectl("patch", "deployment", "empty", "--type=merge", "-p", '{"spec": {"replicas": 0}}')
    kubectl("patch", "modelservice", "later", "--type=merge", "-p", '{"spec": {"replicas": 2}}')
    eventually(lambda: not services["empty"].children("pods"), why="the pods are gone")
    expected = {
        "gone": "Deployment gone does not exist.",
        "cut-off": "Service cut-off does not exist.",
        "changed": "Deployment changed was changed by someone else: spec.template.spec.containers[server].image.",
        "empty": "Deployment empty was changed by someone else: spec.replicas. 0 of 1 pod is ready.",
        "later": "The spec is at generation 2, and the operator has looked at generation 1. 1 of 2 pods is ready.",
    }
    for name, fact in expected.items():
        told = modelservice(kubectl, "explain", name, "-n", kubectl.namespace)
        assert (told.returncode, told.stderr) == (1, "")
        assert told.stdout.splitlines()[0] == f"{name} in {kubectl.namespace} waits for the operator: StatusOutdated"
        assert f"{fact} The status is from before and says ReplicasReady." in " ".join(told.stdout.split())
        report = json.loads(modelservice(kubectl, "explain", name, "-n", kubectl.namespace, "-o", "json").stdout)
        assert (report["ready"], report["reason"]) == ("Unknown", "StatusOutdated")
        assert report["problems"][0]["message"].startswith(fact)
    viewer = Person(cluster, kubectl).kubeconfig
    told = modelservice(kubectl, "explain", "changed", "-n", kubectl.namespace, kubeconfig=viewer)
    assert expected["changed"] in " ".join(told.stdout.split())
    assert [line for line in told.stdout.splitlines() if "Note:" in line] == [
        "Note: nodes cannot be read: 403 Forbidden."
    ]
    told = modelservice(kubectl, "status", "-n", kubectl.namespace)
    assert told.returncode == 1
    assert [line.split()[2] for line in told.stdout.splitlines()[1:6]] == [*["ReplicasReady"] * 4, "StatusOutdated"]
    assert f"{kubectl.namespace}/later: StatusOutdated" in told.stdout
    operator.ensure_working()
    for name in services:
        eventually(partial(is_well, kubectl, name), timeout=60, why=f"{name} is put right")


def test_what_an_admission_policy_makes_of_a_child_is_no_change(operator: Operator, kubectl: Kubectl) -> None:
    """Its word stands, also after the operator has started anew."""
    name, policy = f"mirror-{kubectl.namespace}", {"apiVersion": "admissionregistration.k8s.io/v1"}
    created = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"]}
    image = '[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", value: "example.com/mirror:1"}]'
    mirrors = policy | {
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [created | {"resources": ["deployments"]}]},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": image}}],
        },
    }
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kubectl.namespace}}}
    binding = policy | {
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "matchResources": here},
    }

    def mirrored() -> bool:
        probe = kubectl.json("create", "deployment", "probe", "--image=example.com/own:1", "--dry-run=server")
        return bool(probe["spec"]["template"]["spec"]["containers"][0]["image"] == "example.com/mirror:1")

    kubectl("apply", "-f", "-", given=mirrors)
    kubectl("apply", "-f", "-", given=binding)
    try:
        eventually(mirrored, why="the policy is in force")
        service = Service(kubectl).apply().ready()
        assert is_well(kubectl, "qwen")
        operator.process.stop()
        operator.ensure_working()
        (container,) = service.child("deployment")["spec"]["template"]["spec"]["containers"]
        assert container["image"] == "example.com/mirror:1"
        eventually(lambda: is_well(kubectl, "qwen"))
        operator.process.stop()
        kubectl("set", "env", "deployment/qwen", "HOME=/theirs")
        told = modelservice(kubectl, "explain", "qwen", "-n", kubectl.namespace)
        fact = "Deployment qwen was changed by someone else: spec.template.spec.containers[server].env[HOME].value."
        assert fact in " ".join(told.stdout.split())
    finally:
        kubectl("delete", "mutatingadmissionpolicybinding,mutatingadmissionpolicy", name)
        operator.ensure_working()


def test_what_cannot_be_read(operator: Operator, kubectl: Kubectl) -> None:
    told = modelservice(kubectl, "explain", "nope", "-n", kubectl.namespace)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == f"Error: ModelService nope does not exist in namespace {kubectl.namespace}.\n"
    for asked in (("explain", "../x"), ("explain", "x", "-n", "../.."), ("status", "-n", "../..")):
        told = modelservice(kubectl, *asked)
        assert (told.returncode, told.stdout) == (2, "")
        assert f"{asked[-1]!r} is no name of an object or namespace" in told.stderr
    empty = modelservice(kubectl, "status", "-n", kubectl.namespace)
    assert (empty.returncode, empty.stdout) == (0, f"There is no ModelService in namespace {kubectl.namespace}.\n")
    none = modelservice(kubectl, "status", "--context", "nope")
    assert none.returncode == 2
    assert "has no context nope" in none.stderr


def test_kubectl_completes_the_names_of_services(operator: Operator, kubectl: Kubectl) -> None:
    Service(kubectl, "first").apply()
    Service(kubectl, "second").apply()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    where = ("--kubeconfig", str(kubectl.kubeconfig), "-n", kubectl.namespace)
    asked: list[str | Path] = [kubectl.program, "__complete", "modelservice", "explain", *where, "se"]
    told = subprocess.run(
        asked, capture_output=True, text=True, check=True, timeout=60, env=os.environ | {"PATH": path}
    )
    assert told.stdout == "second\n:4\n"
