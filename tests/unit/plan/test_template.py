import pytest

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


@pytest.mark.parametrize("name", builtin())
def test_pods_pass_the_pod_security_that_the_data_say(name: str) -> None:
    """Without a device and with NVIDIA's every runtime is `restricted` that can run without root."""
    context = builtin()[name].security_context
    assert context["allowPrivilegeEscalation"] is False
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    if name not in {"tgi", "custom"}:
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_a_vendor_may_need_another_security_context() -> None:
    runtime = builtin()["vllm"]
    roots = runtime.model_copy(update={"vendor_security_context": {"nvidia": {"runAsUser": 0}}})
    spec = ModelServiceSpec.model_validate(VLLM)
    for expected, data in ((runtime.security_context, runtime), ({"runAsUser": 0}, roots)):
        rendered = render("qwen", spec, {"vllm": data}, "bcdfgh")
        assert rendered.template["spec"]["containers"][0]["securityContext"] == expected


def test_a_model_is_fetched_before_the_server_starts() -> None:
    env = [{"name": "HTTPS_PROXY", "value": "http://proxy"}]
    spec: Manifest = {"model": {"uri": "ollama://qwen3:8b", "name": "chat"}, "runtime": {"image": "mine:1", "env": env}}
    for accelerator in (None, {"count": 2}):
        rendered = pod({**spec, "accelerator": accelerator})
        (fetch,), (server,) = rendered["initContainers"], rendered["containers"]
        assert fetch["name"] == "fetch"
        assert fetch["command"][-2:] == ["qwen3:8b", "chat"]
        for field in ("image", "env", "securityContext", "terminationMessagePolicy"):
            assert fetch[field] == server[field]
        assert {"name": "cache", "mountPath": "/cache"} in fetch["volumeMounts"]
        assert fetch["resources"] == {"requests": server["resources"]["requests"]}
        assert {"ports", "startupProbe", "lifecycle"}.isdisjoint(fetch)


def test_other_runtimes_fetch_nothing_before() -> None:
    assert "initContainers" not in pod(VLLM)
