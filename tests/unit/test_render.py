import re

import pytest
import yaml

from modelservice_operator.render import InvalidFile, render_file

ONE = """
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata: {name: %s}
spec: {model: {uri: "hf://Qwen/Qwen3-8B"}}
"""


def rendered(text: str) -> list[tuple[str, str]]:
    return [(child["kind"], child["metadata"]["name"]) for child in yaml.safe_load_all(render_file(text))]


def test_several_documents() -> None:
    expected = [("Deployment", "one"), ("Service", "one"), ("Deployment", "two"), ("Service", "two")]
    assert rendered(ONE % "one" + "---\n# nothing\n---" + ONE % "two") == expected


def test_lists() -> None:
    items = [yaml.safe_load(ONE % name) for name in ("one", "two")]
    for kind in (
        {"apiVersion": "v1", "kind": "List"},
        {"apiVersion": "modelservice.dev/v1alpha1", "kind": "ModelServiceList"},
    ):
        assert rendered(yaml.safe_dump({**kind, "items": items})) == rendered(ONE % "one" + "---" + ONE % "two")


def test_no_trace_of_a_cluster() -> None:
    """An object that was read from a cluster gives the same children as the file that it came from."""
    manifest = yaml.safe_load(ONE % "one")
    manifest["metadata"] |= {"uid": "u-1", "generation": 3, "resourceVersion": "12", "labels": {"team": "a"}}
    manifest["status"] = {"ready": "1/1"}
    assert render_file(yaml.safe_dump(manifest)) == render_file(ONE % "one")


def _nested(depth: int) -> str:
    """A ModelService in JSON with so many maps in each other."""
    inside = '{"a":' * depth + "1" + "}" * depth
    return (
        '{"apiVersion": "modelservice.dev/v1alpha1", "kind": "ModelService", "metadata": {"name": "a"}, '
        f'"spec": {{"model": {{"uri": "hf://Qwen/Qwen3-8B"}}, "podTemplate": {{"spec": {inside}}}}}}}'
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [", "document 1: line 1: "),
        (
            ONE % "a" + "---\n{apiVersion: v1, kind: Secret}",
            "document 2: cannot render what is no ModelService: 1 Secret.",
        ),
        (
            "{apiVersion: v1, kind: List, items: [{kind: Pod}]}",
            "document 1, item 1: cannot render",
        ),
        (ONE % "''", "document 1: metadata.name: must be set, to a text."),
        (ONE.replace("{name: %s}", "[]"), "document 1: metadata.name: must be set, to a text."),
        (ONE % "8b", 'document 1, ModelService 8b: metadata.name: Invalid value: "8b": must be'),
        (ONE % ("a" * 53), f"document 1, ModelService {'a' * 53}: metadata.name: Invalid value"),
        (ONE % "12", "document 1: metadata.name: must be a text: put 12 into quotes."),
        (ONE % "a, namespace: 1", "document 1, ModelService a: metadata.namespace: Invalid value"),
        (ONE.replace("spec:", "sepc:") % "a", "document 1, ModelService a: spec is missing."),
        (ONE.replace("model:", "modle:") % "a", "document 1, ModelService a: spec.modle: there is no such field; did"),
        (ONE.replace("uri:", "url:") % "a", "document 1, ModelService a: spec.model.url: there is no such field"),
        (
            ONE.replace("spec: {", "spec: {runtime: {env: [{name: '', value: x}]}, ") % "a",
            'document 1, ModelService a: spec.runtime.env[0].name: Invalid value: "": must name the variable',
        ),
        (ONE.replace('uri: "hf://Qwen/Qwen3-8B"', "uri: 3") % "a", "document 1, ModelService a: spec.model.uri"),
        (
            ONE.replace("Qwen3-8B", "Qwen3-8B-GGUF@main") % "a",
            "document 1, ModelService a: spec.model.uri: the runtime llamacpp cannot choose a revision.",
        ),
        (
            ONE.replace("spec: {", "spec: {replicas: .inf, ") % "a",
            "document 1: spec.replicas: inf is no number that JSON has",
        ),
        (_nested(100), "document 1, ModelService a: spec.podTemplate.spec: may not be nested more than 50 levels deep"),
        (_nested(5000), "document 1: it is nested too deeply"),
    ],
)
def test_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidFile, match="^" + re.escape(complaint)):
        render_file(text)


def test_longest_name() -> None:
    assert rendered(ONE % ("a" * 52)) == [("Deployment", "a" * 52), ("Service", "a" * 52)]
