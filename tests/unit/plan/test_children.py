from typing import Any

import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.service import url
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin

PARENT = Parent.from_manifest({"metadata": {"name": "qwen", "namespace": "ml", "uid": "u-1"}})
SCALING: Manifest = {"maxReplicas": 4, "targets": [{"type": "CPUUtilization", "value": "80"}]}
TEMPLATE: Manifest = {"metadata": {"labels": {"app.kubernetes.io/name": "vllm"}}, "spec": {"containers": []}}


def children(parent: Parent = PARENT, **spec: object) -> list[Manifest]:
    parsed = ModelServiceSpec.model_validate(spec)
    return desired_children(parent, parsed, TEMPLATE, intended_replicas(parsed, exists=True))


def child(kind: str, **spec: Any) -> Manifest | None:
    return next((found for found in children(**spec) if found["kind"] == kind), None)


def test_order_and_owner() -> None:
    found = children()
    assert [child["kind"] for child in found] == ["Deployment", "Service"]
    for child in found:
        assert child["metadata"] == {
            "name": "qwen",
            "namespace": "ml",
            "labels": {
                "app.kubernetes.io/managed-by": "modelservice-operator",
                "app.kubernetes.io/name": "vllm",
                "modelservice.dev/name": "qwen",
            },
            "ownerReferences": [
                {
                    "apiVersion": "modelservice.dev/v1alpha1",
                    "kind": "ModelService",
                    "name": "qwen",
                    "uid": "u-1",
                    "controller": True,
                }
            ],
        }


def test_of_a_file() -> None:
    for child in children(Parent.from_manifest({"metadata": {"name": "qwen"}})):
        assert child["metadata"].keys() == {"name", "labels"}


def test_the_template_is_passed_on_as_it_was_stored() -> None:
    assert children()[0]["spec"]["template"] is TEMPLATE


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        ({}, "replicas", 1),
        ({"replicas": 3}, "replicas", 3),
        ({"replicas": 3, "suspend": True}, "replicas", 0),
        ({"replicas": 0}, "replicas", 0),
        ({}, "paused", False),
        ({"rollout": {"paused": True}}, "paused", True),
        ({}, "progressDeadlineSeconds", 4200),
        ({"rollout": {"progressDeadlineSeconds": 900}}, "progressDeadlineSeconds", 900),
        ({"rollout": {"revisionHistoryLimit": 0}}, "revisionHistoryLimit", 0),
        ({}, "strategy", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        (
            {"rollout": {"strategy": "Replace"}},
            "strategy",
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        ),
        ({"replicas": 3, "scaling": SCALING}, "replicas", None),
    ],
)
def test_deployment(spec: Manifest, field: str, value: object) -> None:
    assert children(**spec)[0]["spec"].get(field) == value


@pytest.mark.parametrize(
    ("spec", "budget"),
    [
        ({}, None),
        ({"replicas": 2}, 1),
        ({"replicas": 2, "suspend": True}, 1),
        ({"scaling": SCALING}, 1),
        ({"disruption": {}}, 1),
        ({"replicas": 4, "disruption": {"maxUnavailable": "50%"}}, "50%"),
        ({"replicas": 4, "disruption": {"maxUnavailable": "2"}}, 2),
        ({"disruption": {"maxUnavailable": 0}}, 0),
    ],
)
def test_a_budget_where_there_can_be_several_pods_or_it_is_asked_for(spec: Manifest, budget: object) -> None:
    found = child("PodDisruptionBudget", **spec)
    assert (found["spec"]["maxUnavailable"] if found else None) == budget


def test_metrics_of_an_autoscaler_are_written_as_the_api_server_prints_them() -> None:
    target = {"type": "AverageValue", "averageValue": "1000m"}
    external = {"type": "External", "external": {"metric": {"name": "queue", "selector": {}}, "target": target}}
    behavior = {"scaleDown": {"policies": [], "tolerance": "0.05"}}
    found = child("HorizontalPodAutoscaler", scaling={**SCALING, "metrics": [external], "behavior": behavior})
    assert found is not None
    cpu, queue = found["spec"]["metrics"]
    assert cpu["containerResource"]["target"] == {"type": "Utilization", "averageUtilization": 80}
    assert queue["external"] == {
        "metric": {"name": "queue", "selector": {}},
        "target": {"type": "AverageValue", "averageValue": "1"},
    }
    assert found["spec"]["behavior"] == {"scaleDown": {"tolerance": "50m"}}


def test_an_ingress_that_says_no_more_than_its_host() -> None:
    found = child("Ingress", endpoint={"ingress": {"host": "models.example.com"}})
    assert found is not None
    assert found["spec"].keys() == {"rules"}
    assert "annotations" not in found["metadata"]


def test_selectors_agree_with_the_labels_of_pods() -> None:
    deployment, service = children()[:2]
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]


@pytest.mark.parametrize(
    ("port", "runtime", "address"),
    [
        (80, "vllm", "http://qwen.ml.svc/v1"),
        (8080, "vllm", "http://qwen.ml.svc:8080/v1"),
        (80, "custom", "http://qwen.ml.svc"),
        (443, "gone", "http://qwen.ml.svc:443"),
    ],
)
def test_url(port: int, runtime: str, address: str) -> None:
    spec = ModelServiceSpec.model_validate({"endpoint": {"port": port}})
    assert url(PARENT, spec, builtin().get(runtime)) == address
