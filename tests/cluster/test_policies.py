"""The example of a policy for platform teams: what it refuses, in which words, and what it lets through."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from cluster.harness.operator import ROOT
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator import api

POLICIES: Final = ROOT / "examples" / "policies"
ALLOWED: Final[dict[str, Any]] = {
    "model": {"uri": "hf://Qwen/Qwen3-8B"},
    "runtime": {"name": "vllm"},
    "accelerator": {"count": 4},
    "replicas": 8,
}
LABELS: Final = {"team": "search", "cost-center": "42"}


@pytest.fixture(scope="module")
def guarded(installed: LocalCluster) -> Iterator[LocalCluster]:
    """A cluster with the policies."""
    installed.kubectl("apply", "-k", POLICIES)
    yield installed
    installed.kubectl("delete", "-k", POLICIES)


@pytest.fixture
def team(guarded: LocalCluster, kubectl: Kubectl) -> Kubectl:
    """In a namespace to which they apply already."""
    kubectl("label", "namespace", kubectl.namespace, "models=standard")
    eventually(lambda: "ValidatingAdmissionPolicy" in refusal(kubectl, {}), why="it is in force")
    return kubectl


def manifest(labels: dict[str, str] | None = None, **spec: object) -> dict[str, Any]:
    """What is allowed, but for what is given."""
    wanted = {key: value for key, value in (ALLOWED | spec).items() if value is not None}
    metadata = {"name": "chat", "labels": LABELS if labels is None else labels}
    return {"apiVersion": api.API_VERSION, "kind": api.KIND, "metadata": metadata, "spec": wanted}


def refusal(kubectl: Kubectl, labels: dict[str, str] | None = None, **spec: object) -> str:
    """The words in which it is refused; empty where it is taken."""
    try:
        kubectl("create", "--dry-run=server", "-f", "-", given=manifest(labels, **spec))
    except KubectlError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"runtime": {"name": "sglang"}}, "spec.runtime.name must be one of vllm, llamacpp, tei: name one of them"),
        ({"runtime": None}, "spec.runtime.name must be one of vllm, llamacpp, tei: name one of them"),
        (
            {"runtime": {"name": "vllm", "image": "example.com/mine:1"}},
            "spec.runtime.image must begin with registry.example.com/models/: take it from there",
        ),
        ({"podTemplate": {"spec": {"hostname": "a"}}}, "spec.podTemplate is not allowed here: leave it out"),
        ({"accelerator": {"count": 5}}, "spec.accelerator.count must be at most 4, not 5: choose a smaller model"),
        ({"replicas": 9}, "spec.replicas must be at most 8, not 9"),
        (
            {"scaling": {"maxReplicas": 9, "targets": [{"type": "CPUUtilization", "value": "80"}]}},
            "spec.scaling.maxReplicas must be at most 8, not 9",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_to_write(team: Kubectl, spec: dict[str, Any], words: str) -> None:
    assert words in refusal(team, **spec)


@pytest.mark.parametrize("images", ["", "registry.example.com/models/,"])
def test_an_empty_entry_of_a_list_allows_nothing(team: Kubectl, guarded: LocalCluster, images: str) -> None:
    """Every image begins with nothing. The other limit tells when the change has arrived."""
    limits = guarded.kubectl.within("modelservice-system")
    patch = json.dumps({"data": {"images": images, "maxReplicas": "7"}})
    limits("patch", "configmap", "modelservices-standard", "--type=merge", "-p", patch)
    try:
        eventually(lambda: "spec.replicas must be at most 7" in refusal(team), why="the change has arrived")
        mine = {"name": "vllm", "image": "example.com/mine:1"}
        assert "spec.runtime.image must begin with" in refusal(team, runtime=mine, replicas=1)
    finally:
        guarded.kubectl("apply", "-k", POLICIES)
    eventually(lambda: not refusal(team), why="the limits of before are back")


def test_every_label_that_is_missing_is_named(team: Kubectl) -> None:
    assert "metadata.labels must have cost-center: add each" in refusal(team, {"team": "search"})
    assert "metadata.labels must have team, cost-center: add each" in refusal(team, {})


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"runtime": {"name": "vllm", "image": "registry.example.com/models/vllm:1"}},
        {"accelerator": None, "runtime": {"name": "tei"}},
        {"replicas": None, "accelerator": {}},
        {"scaling": {"maxReplicas": 8, "targets": [{"type": "CPUUtilization", "value": "80"}]}},
    ],
)
def test_what_is_allowed_passes(team: Kubectl, spec: dict[str, Any]) -> None:
    assert refusal(team, **spec) == ""


def test_scaling_by_hand_has_the_same_limit(team: Kubectl) -> None:
    team("create", "-f", "-", given=manifest(replicas=1))
    team("scale", "modelservice", "chat", "--replicas=8")
    with pytest.raises(KubectlError, match=r"spec\.replicas must be at most 8, not 9"):
        team("scale", "modelservice", "chat", "--replicas=9")


def test_what_was_there_before_stays_until_it_changes(guarded: LocalCluster, kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", given=manifest(accelerator={"count": 8}))
    kubectl("label", "namespace", kubectl.namespace, "models=standard")
    eventually(lambda: refusal(kubectl, accelerator={"count": 8}), why="it is in force")
    kubectl("annotate", "modelservice", "chat", "seen=yes")
    change = json.dumps({"spec": {"replicas": 2}})
    with pytest.raises(KubectlError, match=r"spec\.accelerator\.count must be at most 4, not 8"):
        kubectl("patch", "modelservice", "chat", "--type=merge", "-p", change)
    kubectl("delete", "modelservice", "chat")


def test_other_namespaces_are_not_concerned(team: Kubectl, guarded: LocalCluster) -> None:
    assert refusal(guarded.kubectl.within("default"), {}, accelerator={"count": 8}) == ""
