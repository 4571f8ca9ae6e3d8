"""Real containers with the contracts of llama.cpp and Text Embeddings Inference, whose answers are computed."""

from collections.abc import Iterator
from typing import Any

import pytest

from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import ROOT, Operator, install
from cluster.harness.service import Service
from cluster.harness.transformer import continuations, embed
from localcluster import Kubectl, LocalCluster

pytestmark = pytest.mark.node

STEP_SECONDS = 120
QUESTION = "Why is the sky blue?"


@pytest.fixture
def kubectl(own_operator: Operator, serving_cluster: LocalCluster, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    """kubectl as administrator of the cluster, where the operator works, in the test's namespace."""
    with temporary_namespace(serving_cluster, request.node.name.removeprefix("test_")) as name:
        yield serving_cluster.kubectl.within(name)


@pytest.fixture(scope="module")
def own_operator(serving_cluster: LocalCluster) -> Operator:
    """An operator under the chart's ServiceAccount."""
    install(serving_cluster)
    return Operator(serving_cluster, "operator").ensure_working()


def applied(kubectl: Kubectl, example: str, name: str, *args: str) -> Service:
    """What an example offers, with further arguments for the engine."""
    kubectl("apply", "-f", ROOT / "examples" / example)
    service = Service(kubectl, name)
    if args:
        patch: dict[str, Any] = {"op": "add", "path": "/spec/runtime/args", "value": [*args]}
        kubectl("patch", "modelservice", name, "--type=json", "-p", f"[{patch}]".replace("'", '"'))
    return service


def test_a_chat_with_llamacpp_is_what_the_weights_say(kubectl: Kubectl) -> None:
    client = applied(kubectl, "llamacpp-cpu.yaml", "qwen3-4b-cpu").ready(STEP_SECONDS).client()
    assert client.models() == ["qwen3-4b-cpu"]
    said = client.chat(QUESTION).text
    assert len(said) == 16
    assert continuations(f"user: {QUESTION}\nassistant: {said}")[-17:-1] == said


def test_embeddings_are_what_the_weights_say(kubectl: Kubectl) -> None:
    client = applied(kubectl, "embeddings.yaml", "bge-m3").ready(STEP_SECONDS).client()
    texts = [QUESTION, "Because of Rayleigh."]
    expected = [pytest.approx(embed(text), abs=1e-9) for text in texts]
    assert client.post("/embed", inputs=texts).body == expected
    listed = client.post("/v1/embeddings", model="bge-m3", input=texts).body
    assert listed and [entry["embedding"] for entry in listed["data"]] == expected


@pytest.mark.parametrize(
    ("example", "name", "program"),
    [
        ("llamacpp-cpu.yaml", "qwen3-4b-cpu", "llama-server"),
        ("embeddings.yaml", "bge-m3", "the server"),
    ],
)
def test_what_an_engine_says_of_an_unknown_flag_is_understood(
    kubectl: Kubectl, example: str, name: str, program: str
) -> None:
    service = applied(kubectl, example, name, "--tensor-parallel")
    service.wait_for("Ready", "False", "InvalidArgument", timeout=STEP_SECONDS)
    (problem,) = service.status["problems"]
    assert f"{program} does not know the argument --tensor-parallel" in problem["message"]
