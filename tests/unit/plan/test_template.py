from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.template import render
from modelservice_operator.runtimes.catalogue import builtin

VLLM: Manifest = {"model": {"uri": "hf://org/repo"}, "accelerator": {"count": 2}}


def pod(spec: Manifest) -> Manifest:
    spec_of_pod: Manifest = render("qwen", ModelServiceSpec.model_validate(spec), builtin(), "bcdfgh").template["spec"]
    return spec_of_pod


def test_what_it_runs() -> None:
    rendered = render("qwen", ModelServiceSpec.model_validate(VLLM), builtin(), "bcdfgh")
    assert (rendered.runtime, rendered.image) == ("vllm", builtin()["vllm"].image["nvidia"])
    assert rendered.template["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "modelservice-operator",
        "app.kubernetes.io/name": "vllm",
        "modelservice.dev/name": "qwen",
        "modelservice.dev/component": "server",
        "modelservice.dev/revision": "bcdfgh",
    }


def test_time_to_stop() -> None:
    """preStop sleep, drain, and 10 s for the rest."""
    assert pod(VLLM)["terminationGracePeriodSeconds"] == 5 + 30 + 10
    longer = {**VLLM, "runtime": {"args": ["--shutdown-timeout=300"]}}
    assert pod(longer)["terminationGracePeriodSeconds"] == 5 + 300 + 10


def test_volumes_are_mounted() -> None:
    for uri in ("hf://org/repo", "pvc://claim/path"):
        rendered = pod({**VLLM, "model": {"uri": uri}})
        mounted = [mount["name"] for mount in rendered["containers"][0]["volumeMounts"]]
        assert mounted == [volume["name"] for volume in rendered["volumes"]]


def test_shared_memory_from_two_devices() -> None:
    assert "shared-memory" in [volume["name"] for volume in pod(VLLM)["volumes"]]
    assert "shared-memory" not in [volume["name"] for volume in pod({**VLLM, "accelerator": {}})["volumes"]]


def test_templates_share_nothing_with_the_runtime() -> None:
    pod(VLLM)["containers"][0]["securityContext"].clear()
    assert pod(VLLM)["containers"][0]["securityContext"]["runAsNonRoot"] is True
