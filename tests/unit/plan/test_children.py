import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.children import desired_children, wanted_replicas
from modelservice_operator.plan.service import url
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin

PARENT = Parent.from_manifest({"metadata": {"name": "qwen", "namespace": "ml", "uid": "u-1"}})
TEMPLATE: Manifest = {"metadata": {"labels": {"app.kubernetes.io/name": "vllm"}}, "spec": {"containers": []}}


def children(parent: Parent = PARENT, **spec: object) -> list[Manifest]:
    return desired_children(parent, ModelServiceSpec.model_validate(spec), TEMPLATE)


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
    ],
)
def test_deployment(spec: Manifest, field: str, value: object) -> None:
    assert children(**spec)[0]["spec"].get(field) == value


@pytest.mark.parametrize(("spec", "replicas"), [({}, 1), ({"replicas": 4}, 4), ({"replicas": 4, "suspend": True}, 0)])
def test_wanted_replicas(spec: Manifest, replicas: int) -> None:
    assert wanted_replicas(ModelServiceSpec.model_validate(spec)) == replicas


def test_selectors_agree_with_the_labels_of_pods() -> None:
    deployment, service = children()
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
