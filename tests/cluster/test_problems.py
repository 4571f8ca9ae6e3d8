"""It says why: what a simulated kubelet and the real scheduler can show, in the status and with a next step."""

from typing import Any

import pytest

from cluster.harness.operator import Operator, install
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster


def failing(how: str) -> dict[str, Any]:
    """Runtime settings under which the simulated kubelet fails in this way."""
    return {"env": [{"name": "SIMULATE_FAILURE", "value": how}]}


@pytest.mark.parametrize(
    ("how", "reason", "words"),
    [
        ("image-not-found", "ImageNotFound", "vllm/vllm-openai"),
        ("image-unauthorized", "ImageUnauthorized", "vllm/vllm-openai"),
        ("registry-unreachable", "RegistryUnreachable", "vllm/vllm-openai"),
        ("secret-not-found", "SecretNotFound", "ecret"),
        ("crash", "CrashLooping", "exited with code 1"),
        ("oom", "OutOfMemory", "memory"),
    ],
)
def test_a_failing_pod_is_explained(operator: Operator, kubectl: Kubectl, how: str, reason: str, words: str) -> None:
    service = Service(kubectl).apply(runtime=failing(how))
    service.wait_for("Ready", "False", reason)
    problem = service.problem(reason)
    assert words in problem["message"]
    assert problem["remedy"]
    assert problem["pods"] == 1
    assert service.status["conditions"][0]["message"] == problem["message"]

    def told() -> bool:
        selector = f"involvedObject.name={service.name},involvedObject.kind=ModelService"
        events = kubectl.json("get", "events", "--field-selector", selector)["items"]
        return reason in {event["reason"] for event in events}

    eventually(told, why=f"an Event says {reason}")


def test_too_many_accelerators_are_explained_with_numbers(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply(accelerator={"count": 16})
    service.wait_for("Ready", "False", "InsufficientAccelerators")
    problem = service.problem("InsufficientAccelerators")
    assert "16 nvidia.com/gpu" in problem["message"]
    assert "the largest node has 8" in problem["message"]
    assert "spec.accelerator.count" in problem["remedy"]
    service.apply(accelerator={"count": 8}).ready()
    assert "problems" not in service.status


def test_full_nodes_of_a_product_are_to_blame_whatever_keeps_other_nodes_closed(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    # The node of the other vendor has a taint that the pod does not tolerate, and not what it asks for.
    l4 = {"products": ["NVIDIA-L4"]}
    service = Service(kubectl).apply(accelerator={**l4, "count": 4}, replicas=2).ready()
    cluster.kubectl("cordon", "cpu-1")
    try:
        service.apply(runtime={"env": [{"name": "CHANGED", "value": "yes"}]})
        service.wait_for("Reconciling", "True", "InsufficientAccelerators")
        message = service.problem("InsufficientAccelerators")["message"]
    finally:
        cluster.kubectl("uncordon", "cpu-1")
    assert "it needs 4 nvidia.com/gpu; too few are free on all 2 matching nodes with 4 or more" in message
    assert "untolerated taint" in message
    assert "4 of 8 nodes didn't match" in message, "the fifth is cordoned, which comes first"
    assert "hold what they need" in service.problem("RolloutBlocked")["message"]

    larger = Service(kubectl, "larger").apply(accelerator={**l4, "count": 8})
    larger.wait_for("Ready", "False", "InsufficientAccelerators")
    assert "the largest matching node has 4" in larger.problem("InsufficientAccelerators")["message"]


def test_a_bad_rollout_is_explained_while_the_old_replicas_serve(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    good = service.revisions()[0]
    service.apply(runtime=failing("crash"))
    service.wait_for("Ready", "False", "CrashLooping")
    assert service.condition("Available") == ("True", "ReplicaServing")
    assert service.status["revision"]["serving"] == good != service.status["revision"]["desired"]
    service.apply(runtime={"env": []}).ready()


def test_a_missing_quota_is_explained(operator: Operator, kubectl: Kubectl) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "gpus"},
        "spec": {"hard": {"requests.nvidia.com/gpu": "1"}},
    }
    kubectl("create", "-f", "-", given=quota)
    eventually(lambda: kubectl.json("get", "resourcequota", "gpus")["status"].get("used"))
    service = Service(kubectl).apply(accelerator={"count": 2})
    service.wait_for("Ready", "False", "QuotaExceeded")
    assert "gpus" in service.problem("QuotaExceeded")["message"]


def test_pod_security_is_explained(operator: Operator, kubectl: Kubectl) -> None:
    kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
    custom = {"name": "custom", "image": "example.com/server:1"}
    service = Service(kubectl)
    service.spec = {"runtime": custom}
    service.apply()
    service.wait_for("Ready", "False", "PodSecurityViolation")
    assert "restricted" in service.problem("PodSecurityViolation")["message"]
    Service(kubectl, "vllm").apply().ready()


def test_a_policy_that_denies_a_child_is_named_and_waited_for(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    name = f"no-deployments-{kubectl.namespace}"
    api = "admissionregistration.k8s.io/v1"
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kubectl.namespace}}}
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    policy = {
        "apiVersion": api,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "false", "message": "ask the platform team first"}],
        },
    }
    binding = {
        "apiVersion": api,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": here},
    }
    probe = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe"},
        "spec": {
            "selector": {"matchLabels": {"app": "probe"}},
            "template": {
                "metadata": {"labels": {"app": "probe"}},
                "spec": {"containers": [{"name": "probe", "image": "example.com/probe:1"}]},
            },
        },
    }
    cluster.kubectl("create", "-f", "-", given=[policy, binding])
    try:

        def in_force() -> bool:
            try:
                kubectl("create", "--dry-run=server", "-f", "-", given=probe)
            except KubectlError as error:
                return "ask the platform team first" in str(error)
            return False

        eventually(in_force, why="the policy is in force")
        service = Service(kubectl).apply()
        service.wait_for("Ready", "False", "AdmissionDenied")
        assert "ask the platform team first" in service.problem("AdmissionDenied")["message"]
        assert service.condition("Stalled")[0] == "False"
        assert service.child("service"), "the other child is applied all the same"
    finally:
        cluster.kubectl("delete", f"validatingadmissionpolicybinding/{name}", f"validatingadmissionpolicy/{name}")
    service.ready(timeout=90)


def test_the_deadline_is_told_and_forgotten(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply(runtime=failing("never-ready"), rollout={"progressDeadlineSeconds": 60})
    service.wait_for("Stalled", "True", "ProgressDeadlineExceeded", timeout=120)
    assert service.condition("Reconciling")[0] == "False"
    assert service.condition("Ready")[0] == "False"
    service.apply(runtime={"env": []}).ready()
    assert service.condition("Stalled")[0] == "False"


def test_a_lost_node_is_explained(own_cluster: LocalCluster) -> None:
    install(own_cluster)
    Operator(own_cluster, "operator").ensure_working()
    service = Service(own_cluster.kubectl.within("default")).apply().ready()
    own_cluster.kwok.kill()  # with it, every kubelet falls silent
    service.wait_for("Ready", "False", "NodeLost", timeout=150)
    assert service.children("pods")[0]["spec"]["nodeName"] in service.problem("NodeLost")["message"]
