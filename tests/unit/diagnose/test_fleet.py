"""Nodes of several kinds: only those that could take a pod, but for what is said of them, are to blame.

The nodes are those of the local cluster, and the words those of scheduler 1.36.
"""

from typing import Any

import pytest

from localcluster.nodes import fleet
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.placement import placement
from modelservice_operator.records.node import Node
from unit.diagnose.builders import condition, problems, unscheduled

L4, H100 = "NVIDIA-L4", "NVIDIA-H100-80GB-HBM3"


def affinity(operator: str, *values: str, key: str = "a") -> Manifest:
    terms = [{"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}}


AFFINITY = affinity("In", "b")
SELECTOR = {"nodeSelector": {"a": "b"}}
FREE = "Free nvidia.com/gpu that others hold, or add a node with at least {}."


def found(
    says: str,
    asked: Manifest,
    *,
    gpus: int = 0,
    cordoned: str = "",
    tainted: str = "",
    labelled: str = "",
    requests: Manifest | None = None,
) -> Problem:
    """The only problem of a pod of which the scheduler says this, on the fleet with one node changed."""
    nodes = {}
    for manifest in fleet():
        name = manifest["metadata"]["name"]
        manifest["spec"]["unschedulable"] = name == cordoned
        if name == tainted:
            manifest["spec"]["taints"].append({"key": "team", "value": "x", "effect": "NoSchedule"})
        if name == labelled:
            manifest["metadata"]["labels"]["a"] = "b"
        manifest["status"]["conditions"] = [condition("Ready", "True")]
        nodes[name] = Node.from_manifest(manifest)
    spec = ModelServiceSpec.model_validate(asked)
    patch: Manifest = (spec.pod_template.spec if spec.pod_template is not None else None) or {}
    resources: dict[str, Any] = {"requests": requests} if requests else {}
    pod = unscheduled(
        f"0/8 nodes are available: {says}. preemption: 0/8 nodes are available: 8 Preemption is not helpful.",
        gpus=gpus,
        container={"resources": resources},
        spec=placement("chat", spec) | patch,
    )
    (problem,) = problems(pod, on=nodes, spec=spec)
    return problem


OTHERS_TAINTED = "1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/gpu, 5 node(s) didn't match Pod's node "
OTHERS_TAINTED += "affinity/selector"
OTHERS_CORDONED = "1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu, 4 node(s) didn't match Pod's node "
OTHERS_CORDONED += "affinity/selector"


@pytest.mark.parametrize("tainted", ["", "cpu-1"])
@pytest.mark.parametrize("how", [{"products": [L4]}, {"memory": "20Gi", "products": [L4]}])
def test_a_taint_of_a_node_that_would_not_do_is_not_to_blame(tainted: str, how: Manifest) -> None:
    says = OTHERS_TAINTED if not tainted else OTHERS_TAINTED.replace("1 node", "2 node").replace("5 node", "4 node")
    problem = found(says, {"accelerator": how}, gpus=1, tainted=tainted)
    assert problem.reason == "InsufficientAccelerators"
    assert "it needs 1 nvidia.com/gpu; too few are free on all 2 matching nodes with 1 or more (" in problem.message
    assert problem.remedy == FREE.format(1)


@pytest.mark.parametrize("cordoned", ["cpu-1", "l4-1"])
def test_a_cordon_of_a_node_that_would_not_do_is_not_to_blame(cordoned: str) -> None:
    problem = found(OTHERS_CORDONED, {"accelerator": {"products": [H100]}}, gpus=1, cordoned=cordoned)
    assert problem.reason == "InsufficientAccelerators"
    assert "too few are free on all 3 matching nodes with 1 or more (" in problem.message


def test_a_cordon_of_a_node_that_would_do_is_to_blame() -> None:
    says = "1 node(s) were unschedulable, 7 node(s) didn't match Pod's node affinity/selector"
    asked = {"accelerator": {"products": [H100]}, "placement": {"nodeSelector": {"a": "b"}}}
    problem = found(says, asked, gpus=1, cordoned="h100-2", labelled="h100-2")
    assert (problem.reason, problem.remedy) == (
        "NodesCordoned",
        "Open a node again, or add one: kubectl uncordon h100-2",
    )
    assert "h100-2 is cordoned (1 of 8 nodes were unschedulable; 7 of 8 nodes didn't match" in problem.message


def test_a_taint_of_a_node_that_would_do_is_to_blame() -> None:
    says = "2 node(s) had untolerated taint(s), 6 node(s) didn't match Pod's node affinity/selector"
    asked = {"accelerator": {"products": [L4]}, "placement": {"nodeSelector": {"a": "b"}}}
    problem = found(says, asked, gpus=1, tainted="l4-1", labelled="l4-1")
    assert (problem.reason, problem.remedy) == (
        "UntoleratedTaint",
        "Add a toleration for team=x to spec.placement.tolerations, or add nodes without it.",
    )
    assert "nodes that fit are tainted team=x (2 of 8 nodes had untolerated taint(s); 6 of 8" in problem.message


def test_more_devices_than_the_nodes_of_that_product_have() -> None:
    problem = found(OTHERS_TAINTED, {"accelerator": {"products": [L4], "count": 8}}, gpus=8)
    assert (problem.reason, problem.message, problem.remedy) == (
        "InsufficientAccelerators",
        "1 of 1 pod cannot be scheduled: it needs 8 nvidia.com/gpu; the largest matching node has 4 (2 of 8 nodes: "
        "Insufficient nvidia.com/gpu).",
        "Lower spec.accelerator.count to at most 4, or add a larger node.",
    )


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"placement": SELECTOR}, "Correct spec.placement.nodeSelector, or label a node."),
        (
            {"podTemplate": {"spec": SELECTOR}},
            "Correct spec.placement.nodeSelector or spec.podTemplate.spec.nodeSelector, or label a node.",
        ),
        ({"placement": AFFINITY}, "Correct spec.placement.affinity, or label a node."),
        (
            {"podTemplate": {"spec": AFFINITY}},
            "Correct spec.placement.affinity or spec.podTemplate.spec.affinity, or label a node.",
        ),
    ],
)
def test_a_label_that_no_node_has(asked: Manifest, remedy: str) -> None:
    says = "2 node(s) didn't match Pod's node affinity/selector, 6 node(s) had untolerated taint(s)"
    problem = found(says, asked)
    assert (problem.reason, problem.message, problem.remedy) == (
        "NoMatchingNode",
        "1 of 1 pod cannot be scheduled: no node has the label a=b.",
        remedy,
    )


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        (affinity("In", "b", "c"), "no node has the label a=b or c."),
        (affinity("Exists"), "no node has the label a."),
        (affinity("Gt", "500", key="nvidia.com/gpu.count"), "(Gt 500); there is 8 on 3 nodes, 4 on 2 nodes."),
    ],
)
def test_what_an_affinity_asks_for_is_named(asked: Manifest, detail: str) -> None:
    says = "2 node(s) didn't match Pod's node affinity/selector, 6 node(s) had untolerated taint(s)"
    assert found(says, {"placement": asked}).message.endswith(detail)


@pytest.mark.parametrize("cores", ["40", "100", "200", "500"])
def test_cpu_is_compared_with_nodes_that_let_the_pod_in(cores: str) -> None:
    problem = found("2 Insufficient cpu, 6 node(s) had untolerated taint(s)", {}, requests={"cpu": cores})
    assert (problem.reason, problem.message, problem.remedy) == (
        "InsufficientResources",
        f"1 of 1 pod cannot be scheduled: it needs {cores} of cpu; the largest node that lets it in has 31.85 (2 of 8 "
        "nodes: Insufficient cpu; 6 of 8 nodes had untolerated taint(s)).",
        "Lower spec.resources.requests.cpu below 31.85, or add a larger node.",
    )


def test_cpu_that_the_only_nodes_with_room_lack_as_well_is_not_to_blame() -> None:
    says = "2 Insufficient cpu, 2 Insufficient nvidia.com/gpu, 6 node(s) had untolerated taint(s)"
    nobody: Manifest = {"podTemplate": {"spec": {"tolerations": []}}}
    problem = found(says, nobody, gpus=1)
    assert problem.reason == "UntoleratedTaint"
    assert "nvidia.com/gpu=present" in problem.remedy
    assert "amd.com" not in problem.remedy
