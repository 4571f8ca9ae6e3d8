"""Specs from the shipped CRD itself: whatever the API server takes is planned, and the plan is taken too."""

from collections import Counter
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.harness.requests import Api
from localcluster import LocalCluster
from modelservice_operator.api import KIND
from modelservice_operator.api.read import read_spec
from modelservice_operator.api.rules import RUNTIMES
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.generate import ROOT
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import controller_revision, inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin

CRD = yaml.safe_load((ROOT / "crds" / "modelservice.dev_modelservices.yaml").read_text("utf-8"))
SPEC = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
PARENT = Parent.from_manifest({"metadata": {"name": "generated", "namespace": "default"}})
TRIES = 400
ACCEPTED = 100
"""Of the tries at least so many must pass the API server, or too little is tried."""

WORDS = st.sampled_from(["a", "model-7", "nvidia", "default"])
TEXTS: dict[str, st.SearchStrategy[Any]] = {
    "uri": st.sampled_from(
        [
            "hf://Qwen/Qwen3-8B@main",
            "hf://Qwen/Qwen3-8B-GGUF:Q4_K_M",
            "pvc://models/a/model.gguf",
            "oci://registry.example.com/models/qwen:1",
            "ollama://qwen3:8b",
            "s3://bucket/models/qwen",
            "gs://bucket/qwen",
            "az://container/qwen",
            "https://example.com/model.gguf",
        ]
    ),
    "spec.runtime.name": st.sampled_from(RUNTIMES),
    "healthPath": st.just("/health"),
    "partition": st.just("3g.40gb"),
    "host": st.just("models.example.com"),
    "fieldPath": st.sampled_from(["status.podIP", "metadata.name"]),
    "resource": st.sampled_from(["limits.cpu", "requests.memory"]),
    "topologyKey": st.just("kubernetes.io/hostname"),
    "value": st.sampled_from(["80", "x", ""]),
}
QUANTITIES = st.sampled_from(["1", "500m", "2Gi", "64Gi", 3])


def values(schema: dict[str, Any], path: str) -> st.SearchStrategy[Any]:
    """Values that the schema allows, likely ones where a rule asks for a shape."""
    name = path.rpartition(".")[2].removesuffix("[]")
    if path in TEXTS or name in TEXTS:
        return TEXTS.get(path, TEXTS.get(name, WORDS))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "x-kubernetes-int-or-string" in schema:
        return QUANTITIES
    match schema["type"]:
        case "object":
            return objects(schema, path)
        case "array":
            return st.lists(values(schema["items"], f"{path}[]"), max_size=2)
        case "integer":
            return st.integers(schema.get("minimum", 0), min(schema.get("maximum", 9), schema.get("minimum", 0) + 9))
        case "boolean":
            return st.booleans()
    return WORDS


def objects(schema: dict[str, Any], path: str) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: values(field, f"{path}.{name}") for name, field in schema.get("properties", {}).items()}
    if "additionalProperties" in schema:
        return st.dictionaries(WORDS, values(schema["additionalProperties"], f"{path}{{}}"), max_size=2)
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    if not fields:
        return st.fixed_dictionaries(required)
    some = st.lists(st.sampled_from(sorted(fields)), max_size=3 if path == "spec" else 2, unique=True)
    return some.flatmap(lambda names: st.fixed_dictionaries({**required, **{name: fields[name] for name in names}}))


@pytest.fixture(scope="module")
def api(installed: LocalCluster) -> Api:
    return Api(installed)


def test_what_is_taken_is_planned_and_what_is_planned_is_taken(api: Api) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=TRIES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values(SPEC, "spec"), TEXTS["uri"])
    def judge(spec: dict[str, Any], uri: str) -> None:
        spec = {**spec, "model": {"uri": uri, **spec.get("model", {})}}
        manifest = {
            "apiVersion": "modelservice.dev/v1alpha1",
            "kind": "ModelService",
            "metadata": {"name": "generated"},
        }
        answer = api.dry_run(path_of("ModelService"), {**manifest, "spec": spec})
        if answer["kind"] != KIND:
            seen["refused"] += 1
            return
        seen["taken"] += 1
        try:
            children = planned(answer["spec"])
        except PlanError as error:
            seen["explained"] += 1
            assert error.message.startswith("spec.")
            return
        for child in children:
            taken(api, child, seen)

    judge()
    assert seen["taken"] >= ACCEPTED, seen
    assert seen["child"] > 10 * seen["child refused"], seen


def planned(raw: dict[str, Any]) -> list[dict[str, Any]]:
    spec = read_spec(raw, PARENT.name)
    wanted = inputs(PARENT.name, spec)
    hashed = revision_hash(wanted)
    template = render(PARENT.name, spec, builtin(), hashed).template
    children = desired_children(PARENT, spec, template, intended_replicas(spec, exists=False))
    return [*children, controller_revision(PARENT, wanted, template, hashed, 1)]


def taken(api: Api, child: dict[str, Any], seen: Counter[str]) -> None:
    """Only a value that Kubernetes itself judges, of one of its own types, may be refused: never a field or a type."""
    answer = api.dry_run(path_of(child["kind"]), child)
    seen["child"] += 1
    if answer["kind"] == "Status":
        seen["child refused"] += 1
        assert (answer["code"], answer["reason"]) == (422, "Invalid"), answer["message"]


def path_of(kind: str) -> str:
    return BY_KIND[kind].path("default")
