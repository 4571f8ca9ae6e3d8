"""The CRD on the real API server: accepted, every rule broken and just kept, and what people see of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from cluster.harness.definitions import install_definition
from cluster.harness.requests import Api
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator.api.crd import CRD_NAME, crd
from modelservice_operator.api.status import MAX_MESSAGE
from modelservice_operator.generate import ROOT
from unit.api.tables import MANIFEST, QUANTITIES, ROWS, Row, patched

CRD_FILE = ROOT / "crds" / "modelservice.dev_modelservices.yaml"
MODEL_SERVICES = "/apis/modelservice.dev/v1alpha1/namespaces/default/modelservices"
TWIN_GROUP = "twin.modelservice.dev"
TWIN = f"modelservices.{TWIN_GROUP}"
OLD_NAMESPACE = "stored-before-a-rule"
CONDITIONS = {"NamesAccepted": "True", "Established": "True"}


@pytest.fixture(scope="module")
def api(cluster: LocalCluster) -> Api:
    return Api(cluster)


@pytest.fixture(scope="module", autouse=True)
def shipped(cluster: LocalCluster) -> None:
    """The CRD as it is shipped."""
    install_definition(cluster, yaml.safe_load(CRD_FILE.read_text()))


def test_the_api_server_takes_it(cluster: LocalCluster) -> None:
    conditions = cluster.kubectl.json("get", "crd", CRD_NAME)["status"]["conditions"]
    assert {condition["type"]: condition["status"] for condition in conditions} == CONDITIONS


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_rule_broken_or_just_kept(api: Api, row: Row) -> None:
    answer = api.dry_run(MODEL_SERVICES, patched(MANIFEST, row.patch))
    if not row.path:
        assert answer["kind"] == "ModelService", answer["message"]
        return
    assert answer.get("reason") == "Invalid", answer
    causes = [cause for cause in answer["details"]["causes"] if cause["field"] != "<nil>"]
    assert {cause["field"].removeprefix(".") for cause in causes} == {row.path}
    assert row.text in causes[0]["message"]
    if row.reader != "other":
        assert len(causes) == 1


def test_a_misspelt_field_is_refused(api: Api) -> None:
    answer = api.dry_run(MODEL_SERVICES, patched(MANIFEST, {"spec": {"replica": 2}}))
    assert 'unknown field "spec.replica"' in answer["message"]


@pytest.mark.parametrize(("text", "_number", "canonical"), QUANTITIES)
def test_quantities_are_printed_as_we_print_them(api: Api, text: str, _number: str, canonical: str) -> None:
    limits = [{"type": "Container", "max": {"cpu": text}}]
    manifest = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "x"}, "spec": {"limits": limits}}
    answer = api.dry_run("/api/v1/namespaces/default/limitranges", manifest)
    assert answer["spec"]["limits"][0]["max"]["cpu"] == canonical


def test_a_fresh_object_has_the_defaults_and_is_not_ready(kubectl: Kubectl) -> None:
    created = kubectl.json("create", "-f", str(ROOT / "examples" / "quickstart.yaml"))
    assert created["spec"] == {
        "model": {"uri": "hf://Qwen/Qwen3-8B"},
        "accelerator": {"vendor": "nvidia", "count": 1},
        "replicas": 1,
    }
    assert [(c["type"], c["status"], c["reason"]) for c in created["status"]["conditions"]] == [
        ("Ready", "Unknown", "Pending")
    ]
    assert "observedGeneration" not in created["status"]


def test_it_is_listed_by_its_short_names(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", given=MANIFEST)
    for name in ("msvc", "models", "modelservice"):
        header, row = kubectl("get", name).splitlines()
        assert re.split(r"\s\s+", header) == ["NAME", "MODEL", "RUNTIME", "READY", "STATUS", "AGE"]
        assert row.split()[:2] == ["qwen3-8b", "hf://Qwen/Qwen3-8B"]


@pytest.mark.usefixtures("twin")
def test_a_whole_status_is_stored_as_it_is_written(kubectl: Kubectl) -> None:
    now = "2026-11-22T10:00:00Z"
    condition = {"type": "Ready", "status": "False", "observedGeneration": 1, "lastTransitionTime": now}
    status = {
        "observedGeneration": 1,
        "replicas": 2,
        "readyReplicas": 1,
        "selector": "modelservice.dev/component=server,modelservice.dev/name=qwen3-8b",
        "url": "http://qwen3-8b.ml.svc/v1",
        "runtime": {"name": "vllm", "image": "vllm/vllm-openai:v0.33.0"},
        "revision": {"serving": "qwen3-8b-7c9f", "desired": "qwen3-8b-7c9f"},
        "conditions": [{**condition, "reason": "Unschedulable", "message": "Because."}],
        "ready": "1/2",
        "accelerators": 8,
        "problems": [{"reason": "Unschedulable", "message": "m", "remedy": "r", "pods": 1, "since": now}],
    }
    create_twin(kubectl, status)
    assert kubectl.json("get", TWIN, "qwen3-8b")["status"] == status
    row = kubectl("get", TWIN).splitlines()[1].split()
    assert row[:5] == ["qwen3-8b", "hf://Qwen/Qwen3-8B", "vllm", "1/2", "Unschedulable"]
    header, wide = kubectl("get", TWIN, "-o", "wide").splitlines()
    assert re.split(r"\s\s+", header)[5:] == ["URL", "ACCELERATORS", "AGE"]
    assert wide.split()[5:7] == ["http://qwen3-8b.ml.svc/v1", "8"]


@pytest.mark.usefixtures("twin")
def test_a_message_has_its_longest_length(kubectl: Kubectl) -> None:
    create_twin(kubectl, {"problems": [{"reason": "R", "message": "m" * MAX_MESSAGE, "remedy": "r" * MAX_MESSAGE}]})
    with pytest.raises(KubectlError, match=r"status\.problems\[0\]\.message: Too long"):
        write_twin_status(kubectl, {"problems": [{"reason": "R", "message": "m" * (MAX_MESSAGE + 1)}]})


@pytest.mark.usefixtures("twin")
def test_it_scales(kubectl: Kubectl) -> None:
    create_twin(kubectl, {"replicas": 1, "selector": "modelservice.dev/name=qwen3-8b"})
    kubectl("scale", f"{TWIN}/qwen3-8b", "--replicas=3")
    path = f"/apis/{TWIN_GROUP}/v1alpha1/namespaces/{kubectl.namespace}/modelservices/qwen3-8b/scale"
    scale = json.loads(kubectl("get", "--raw", path))
    assert scale["spec"] == {"replicas": 3}
    assert scale["status"] == {"replicas": 1, "selector": "modelservice.dev/name=qwen3-8b"}
    assert kubectl.json("get", TWIN, "qwen3-8b")["spec"]["replicas"] == 3


def sections(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the schema that has described fields, with its path."""
    fields = schema.get("items", schema).get("properties", {})
    described = {name: field["description"] for name, field in fields.items() if "description" in field}
    if described:
        yield path, described
        for name, field in fields.items():
            yield from sections(field, f"{path}.{name}")


SCHEMA = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
EXPLAINED = [*sections(SCHEMA["spec"], "msvc.spec"), *sections(SCHEMA["status"], "msvc.status")]


@pytest.mark.parametrize(("path", "descriptions"), EXPLAINED, ids=[path for path, _ in EXPLAINED])
def test_kubectl_explains_every_field(cluster: LocalCluster, path: str, descriptions: dict[str, str]) -> None:
    shown = " ".join(cluster.kubectl("explain", path).split())
    for name, description in descriptions.items():
        assert f"{name} <" in shown
        assert description in shown


def rules(schema: dict[str, Any]) -> Iterator[str]:
    """The messages of all CEL rules in the schema."""
    yield from (rule["message"] for rule in schema.get("x-kubernetes-validations", ()))
    for below in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from rules(below)


MESSAGES = [*rules(SCHEMA["metadata"]), *rules(SCHEMA["spec"])]
OF_THE_SPEC = [rule["message"] for rule in SCHEMA["spec"]["x-kubernetes-validations"]]
"""Where the spec itself is the smallest object that holds the fields of the rule."""
CEL = [row for row in ROWS if row.path and any(row.text in message for message in MESSAGES)]


@pytest.fixture(scope="module")
def twin(cluster: LocalCluster) -> Iterator[None]:
    """The CRD in another group, where no operator looks, with an object for each row that breaks a rule.

    They were stored before there was any rule; now it is the one that is shipped in all else.
    """
    definition = crd()
    definition["metadata"]["name"] = TWIN
    definition["spec"] |= {"group": TWIN_GROUP, "names": {"kind": "ModelService", "plural": "modelservices"}}
    install_definition(cluster, without_rules(definition))
    cluster.kubectl("create", "namespace", OLD_NAMESPACE)
    kubectl = cluster.kubectl.within(OLD_NAMESPACE)
    kubectl("create", "-f", "-", given=[stored(row) for row in CEL])
    install_definition(cluster, definition)
    eventually(lambda: breaking_is_refused(kubectl), why="the rules are in force")
    yield
    cluster.kubectl("delete", "crd", TWIN)
    cluster.kubectl("delete", "namespace", OLD_NAMESPACE, "--wait=false")


def without_rules(schema: Any) -> Any:
    """The CRD without its CEL rules."""
    if isinstance(schema, dict):
        return {key: without_rules(value) for key, value in schema.items() if key != "x-kubernetes-validations"}
    return [without_rules(item) for item in schema] if isinstance(schema, list) else schema


def stored(row: Row) -> dict[str, Any]:
    """The object of a row in the old group, with a name of its own where the name is not the point."""
    manifest: dict[str, Any] = patched(MANIFEST, row.patch)
    name = manifest["metadata"]["name"] if row.path == "metadata.name" else f"row-{CEL.index(row)}"
    return {**manifest, "apiVersion": f"{TWIN_GROUP}/v1alpha1", "metadata": {"name": name}}


def breaking_is_refused(kubectl: Kubectl) -> bool:
    manifest = {**MANIFEST, "apiVersion": f"{TWIN_GROUP}/v1alpha1", "metadata": {"name": "b" * 53}}
    with pytest.raises(KubectlError, match="at most 52"):
        kubectl("create", "--dry-run=server", "-f", "-", given=manifest)
    return True


@pytest.mark.usefixtures("twin")
@pytest.mark.parametrize("row", CEL, ids=[row.name for row in CEL])
def test_an_object_stored_before_a_rule_can_be_judged_and_changed(api: Api, row: Row) -> None:
    name = stored(row)["metadata"]["name"]
    path = f"/apis/{TWIN_GROUP}/v1alpha1/namespaces/{OLD_NAMESPACE}/modelservices/{name}"
    judged = api.patch(f"{path}/status", {"status": {"observedGeneration": 1, "ready": "0/1"}})
    assert judged.get("status", {}).get("ready") == "0/1", judged
    labelled = api.patch(path, {"metadata": {"labels": {"team": "ml"}}})
    assert labelled["metadata"].get("labels") == {"team": "ml"}, labelled
    if not any(row.text in message for message in OF_THE_SPEC):
        changed = api.patch(path, {"spec": {"suspend": True}})
        assert changed.get("spec", {}).get("suspend") is True, changed


def create_twin(kubectl: Kubectl, status: dict[str, Any]) -> None:
    """An object of the other group with a status."""
    kubectl("create", "-f", "-", given={**MANIFEST, "apiVersion": f"{TWIN_GROUP}/v1alpha1"})
    write_twin_status(kubectl, status)


def write_twin_status(kubectl: Kubectl, status: dict[str, Any]) -> None:
    """As the operator writes it: a merge patch."""
    patch = json.dumps({"status": status})
    kubectl("patch", f"{TWIN}/qwen3-8b", "--subresource=status", "--type=merge", "-p", patch)
