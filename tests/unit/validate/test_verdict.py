import json

import pytest

from modelservice_operator.api.crd import crd
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.verdict import verdict
from unit.validate.corpus import BAD, GOOD

VALIDATOR = Validator(crd(), "v1alpha1")
AT = "ModelService ml/qwen: spec.model.uri: Invalid value: "


@pytest.mark.parametrize(
    ("text", "judged", "skipped", "findings"),
    [
        ("", 0, [], []),
        (GOOD, 1, [], []),
        (json.dumps({"apiVersion": "v1", "kind": "Pod"}), 0, ["Pod"], []),
        (f"{GOOD}---\nkind: Secret\n---{BAD}", 2, ["Secret"], [f'document 3, {AT}"ftp://Qwen/Qwen3-8B": must begin']),
        (GOOD.replace("namespace: ml", "labels: 1"), 1, [], ["document 1, ModelService qwen: metadata.labels: Inv"]),
        (GOOD.replace("{name: qwen, namespace: ml}", "[]"), 1, [], ["document 1, ModelService: metadata: Invalid"]),
        (GOOD.replace("{name: qwen, namespace: ml}", "text"), 1, [], ["document 1, ModelService: metadata: Invalid"]),
        (GOOD.replace("spec:", "sepc:"), 1, [], ["document 1, ModelService ml/qwen: sepc: there is no such field"]),
        ("just text", 0, [], ["document 1: there is no Kubernetes object"]),
        ("{apiVersion: v1}", 0, [], ["document 1: kind: must be set"]),
        (GOOD.replace("v1alpha1", "v2"), 0, [],
         ["document 1: apiVersion: must be modelservice.dev/v1alpha1, not modelservice.dev/v2"]),
        (GOOD.replace("modelservice.dev", "modelservices.dev"), 0, [], ["document 1: apiVersion: must be model"]),
        (GOOD.replace("apiVersion", "apiversion"), 0, [], ["document 1: apiVersion: must be modelservice.dev"]),
        (GOOD.replace("modelservice.dev", "llm-d.ai"), 0, ["ModelService"], []),
        (GOOD.replace("ModelService", "ModelServic"), 0, [],
         ["document 1: kind: there is no ModelServic in modelservice.dev; did you mean ModelService?"]),
        ("{apiVersion: [], kind: {}}", 0, [], ["document 1: kind: must be set"]),
        ("{apiVersion: [], kind: Pod}", 0, ["Pod"], []),
        ("{apiVersion: [], kind: ModelService}", 0, [], ["document 1: apiVersion: must be modelservice.dev/v1alpha1"]),
        ("{apiVersion: v1, kind: List}", 0, [], ["document 1: items: must be a list"]),
    ],
)  # fmt: skip
def test_verdict(text: str, judged: int, skipped: list[str], findings: list[str]) -> None:
    result = verdict(VALIDATOR, text)
    assert (result.judged, [found["kind"] for found in result.skipped]) == (judged, skipped)
    assert len(result.findings) == len(findings)
    for line, beginning in zip(result.findings, findings, strict=True):
        assert line.startswith(beginning)


def test_a_document_that_cannot_be_read_hides_no_other() -> None:
    result = verdict(VALIDATOR, f"a: [\n---{BAD}---\n{{a: .nan}}\n---{GOOD}---\n? {{}}\n: 1\n---{BAD}")
    assert [line.partition(": ")[0] for line in result.unreadable] == ["document 1", "document 3", "document 5"]
    assert (result.judged, len(result.findings)) == (3, 2)
    assert result.findings[1].startswith(f"document 6, {AT}")


@pytest.mark.parametrize(
    ("spec", "finding"),
    [
        (
            'model: {uri: "hf://a/b-GGUF@main"}',
            "spec.model.uri: the runtime llamacpp cannot choose a revision. Leave @",
        ),
        (
            "podTemplate: {spec: {containers: [{image: x}]}}",
            "spec.podTemplate: spec.containers[0]: has no name, by whic",
        ),
        (
            "podTemplate: {spec: {x: null}}",
            "spec.podTemplate.spec.x: may not be null, which server-side apply makes of",
        ),
        (
            f"podTemplate: {{spec: {'{a: ' * 60}1{'}' * 60}}}",
            "spec.podTemplate.spec: may not be nested more than 50 lev",
        ),
    ],
)
def test_what_the_operator_refuses_is_told_too(spec: str, finding: str) -> None:
    text = GOOD.replace("{name: qwen, namespace: ml}", "{generateName: qwen-}")
    result = verdict(
        VALIDATOR,
        text.replace('{model: {uri: "hf://Qwen/Qwen3-8B"}}', f"{{{spec}}}").replace(
            "spec: {podT", 'spec: {model: {uri: "hf://Qwen/Qwen3-8B"}, podT'
        ),
    )
    (line,) = result.findings
    assert line.startswith(f"document 1, ModelService: {finding}")
    assert line.endswith("(The API server takes it; the status would say so.)")


def test_what_is_too_deep_to_be_judged() -> None:
    deep = GOOD.replace("spec: {", f"spec: {{podTemplate: {{spec: {'[' * 250}{']' * 250}}}, ")
    result = verdict(VALIDATOR, f"{'[' * 5000}\n---{deep}---{BAD}")
    assert [line for line in result.unreadable if "nested too deeply" in line] == result.unreadable
    assert result.findings[-1].startswith(f"document 3, {AT}")


@pytest.mark.parametrize("kind", [("v1", "List"), ("modelservice.dev/v1alpha1", "ModelServiceList")])
def test_lists(kind: tuple[str, str]) -> None:
    items = "".join(f"- {' '.join(text.split())}\n" for text in ("{apiVersion: v1, kind: Pod}",))
    text = f"apiVersion: {kind[0]}\nkind: {kind[1]}\nitems:\n{items}- {BAD.strip().replace(chr(10), chr(10) + '  ')}\n"
    result = verdict(VALIDATOR, text)
    assert (result.judged, [found["kind"] for found in result.skipped]) == (1, ["Pod"])
    assert result.findings[0].startswith(f"document 1, item 2, {AT}")


def test_what_has_no_path_is_told_without_one() -> None:
    result = verdict(VALIDATOR, GOOD.replace("spec: {", "spec: {suspend: 1, "))
    assert result.findings[1].startswith("document 1, ModelService ml/qwen: Invalid value: null: some validation rules")


def test_numbers_are_those_that_kubectl_sends() -> None:
    assert verdict(VALIDATOR, GOOD.replace("spec: {", "spec: {replicas: 2.0, ")).findings == []
