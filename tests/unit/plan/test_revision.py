import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.revision import controller_revision, inputs, revision_hash
from modelservice_operator.records.parent import Parent

NAME = "qwen"
MODEL = {"uri": "hf://Qwen/Qwen3-8B", "size": "16Gi"}
BASE: Manifest = {"model": MODEL, "accelerator": {"count": 1}}
FULL: Manifest = {
    "model": {**MODEL, "name": "chat", "credentials": {"secretName": "hf"}},
    "runtime": {
        "name": "vllm",
        "image": "mirror/vllm:1",
        "args": ["--max-model-len=8192", ""],
        "env": [
            {"name": "A", "value": "1"},
            {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ],
    },
    "accelerator": {"vendor": "nvidia", "count": 4},
    "serviceAccountName": "reader",
    "rollout": {"restart": "1"},
}

OPEN: Manifest = {
    "model": MODEL,
    "resources": {"requests": {"cpu": "0.5"}, "limits": {"memory": "2048Mi"}},
    "accelerator": {"vendor": "amd", "products": ["B", "A"], "memory": "40Gi"},
    "placement": {"nodeSelector": {"zone": "a"}, "tolerations": [], "topologySpread": "Zone"},
    "podTemplate": {"metadata": {"labels": {"team": "search"}, "annotations": {}}, "spec": {"volumes": []}},
}


def of(spec: Manifest) -> Manifest:
    return inputs(NAME, ModelServiceSpec.model_validate(spec))


@pytest.mark.parametrize(
    ("spec", "expected", "hashed"),
    [
        (
            {"model": {"uri": "hf://Qwen/Qwen3-8B"}},
            {"model": {"uri": "hf://Qwen/Qwen3-8B"}},
            "gjkkcntbqr",
        ),
        (
            BASE,
            {"model": {"uri": "hf://Qwen/Qwen3-8B", "size": "16Gi"}, "accelerator": {}},
            "fptthrgmmt",
        ),
        (
            FULL,
            {
                "model": {
                    "uri": "hf://Qwen/Qwen3-8B",
                    "name": "chat",
                    "size": "16Gi",
                    "credentials": {"secretName": "hf"},
                },
                "runtime": {
                    "name": "vllm",
                    "image": "mirror/vllm:1",
                    "args": ["--max-model-len=8192", ""],
                    "env": [
                        {"name": "A", "value": "1"},
                        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                    ],
                },
                "rollout": {"restart": "1"},
                "serviceAccountName": "reader",
                "accelerator": {"count": 4},
            },
            "qksvcrjjgq",
        ),
        (
            {"runtime": {"name": "custom", "image": "x", "command": ["a"], "port": 80, "healthPath": "/h"}},
            {"runtime": {"name": "custom", "image": "x", "command": ["a"], "port": 80, "healthPath": "/h"}},
            "mgpkgctnfh",
        ),
        (
            {"model": {"uri": "pvc://models/ranker", "format": "onnx"}},
            {"model": {"uri": "pvc://models/ranker", "format": "onnx"}},
            "tdjmvjfqmm",
        ),
        (
            OPEN,
            {
                "model": {"uri": "hf://Qwen/Qwen3-8B", "size": "16Gi"},
                "resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "2Gi"}},
                "accelerator": {"vendor": "amd", "products": ["A", "B"], "memory": "40Gi"},
                "placement": {"nodeSelector": {"zone": "a"}, "topologySpread": "Zone"},
                "podTemplate": {"metadata": {"labels": {"team": "search"}}, "spec": {"volumes": []}},
            },
            "dmkqbsdtfj",
        ),
    ],
)
def test_frozen(spec: Manifest, expected: Manifest, hashed: str) -> None:
    """Live clusters hold these: a change here would restart every model. Rows are added, never changed."""
    assert of(spec) == expected
    assert revision_hash(of(spec)) == hashed


def changed(**changes: object) -> Manifest:
    return {**BASE, **changes}


@pytest.mark.parametrize(
    "spec",
    [
        {"accelerator": {"count": 1}, "model": {"size": "16Gi", "uri": "hf://Qwen/Qwen3-8B"}},
        changed(model={**MODEL, "size": "16384Mi"}),
        changed(model={**MODEL, "name": NAME}),
        changed(model={**MODEL, "name": ""}),
        changed(model={**MODEL, "credentials": None}),
        changed(model={**MODEL, "format": None}),
        changed(accelerator={}),
        changed(accelerator={"vendor": "nvidia", "count": 1}),
        changed(runtime={}),
        changed(runtime={"args": [], "env": [], "command": [], "image": "", "healthPath": ""}),
        changed(serviceAccountName=""),
        changed(rollout={"restart": ""}),
        changed(rollout={"paused": True, "progressDeadlineSeconds": 60, "revisionHistoryLimit": 1}),
        changed(endpoint={"port": 8080}),
        changed(replicas=7),
        changed(suspend=True),
        changed(unknown={"field": "of a newer version"}),
    ],
)
def test_same_revision(spec: Manifest) -> None:
    assert of(spec) == of(BASE)


@pytest.mark.parametrize(
    "spec",
    [
        changed(model={**MODEL, "uri": "hf://Qwen/Qwen3-8B@v1"}),
        changed(model={**MODEL, "size": "17Gi"}),
        changed(model={**MODEL, "name": "chat"}),
        changed(model={**MODEL, "format": "safetensors"}),
        changed(model={**MODEL, "credentials": {"secretName": "hf"}}),
        changed(accelerator=None),
        changed(accelerator={"count": 2}),
        changed(runtime={"name": "vllm"}),
        changed(runtime={"image": "mirror/vllm:1"}),
        changed(runtime={"args": ["--max-model-len=8192"]}),
        changed(runtime={"args": [""]}),
        changed(runtime={"env": [{"name": "A"}]}),
        changed(serviceAccountName="reader"),
        changed(rollout={"restart": "1"}),
    ],
)
def test_new_revision(spec: Manifest) -> None:
    assert of(spec) != of(BASE)
    assert revision_hash(of(spec)) != revision_hash(of(BASE))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"value": "1"}, {"value": "1", "valueFrom": None}, True),
        ({}, {"value": ""}, True),
        ({"value": "1"}, {"value": "2"}, False),
        (
            {"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1000m"}}},
            {"valueFrom": {"resourceFieldRef": {"divisor": "1", "resource": "limits.cpu"}}},
            True,
        ),
    ],
)
def test_variables(one: Manifest, other: Manifest, same: bool) -> None:
    first, second = (of(changed(runtime={"env": [{"name": "A", **entry}]})) for entry in (one, other))
    assert (first == second) is same


def test_order_of_arguments_and_variables_matters() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}]
    assert of(changed(runtime={"args": ["a", "b"]})) != of(changed(runtime={"args": ["b", "a"]}))
    assert of(changed(runtime={"env": env})) != of(changed(runtime={"env": env[::-1]}))


def test_hash_is_a_label_and_never_a_number() -> None:
    hashes = {revision_hash({"n": number}, collisions) for number in range(500) for collisions in range(2)}
    assert len(hashes) == 1000
    assert all(len(text) == 10 and text.isalpha() and text.islower() for text in hashes)


def test_controller_revision() -> None:
    parent = Parent.from_manifest({"metadata": {"name": NAME, "namespace": "ml", "uid": "u-1"}})
    template = {"metadata": {"labels": {"app.kubernetes.io/name": "vllm"}}, "spec": {}}
    assert controller_revision(parent, {"model": {"uri": "x"}}, template, "bcdfghjkmn", 7) == {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": "qwen-bcdfghjkmn",
            "namespace": "ml",
            "labels": {
                "app.kubernetes.io/managed-by": "modelservice-operator",
                "app.kubernetes.io/name": "vllm",
                "modelservice.dev/name": "qwen",
                "modelservice.dev/revision": "bcdfghjkmn",
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
        },
        "data": {"version": 1, "inputs": {"model": {"uri": "x"}}, "template": template},
        "revision": 7,
    }
