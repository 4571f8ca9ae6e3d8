import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.resources import resources
from modelservice_operator.plan.server import resolve
from modelservice_operator.runtimes.catalogue import builtin


@pytest.mark.parametrize(
    ("count", "size", "cpu", "memory"),
    [
        (1, None, "4", "16Gi"),
        (3, "500Gi", "12", "48Gi"),
        (8, None, "32", "128Gi"),
        (None, None, "4", "16Gi"),
        (None, "16Gi", "4", "24Gi"),
        (None, "1Gi", "4", "1536Mi"),
        (None, "3G", "4", "4292Mi"),
        (None, "1", "4", "1Mi"),
    ],
)
def test_requests(count: int | None, size: str | None, cpu: str, memory: str) -> None:
    """4 CPU and 16 GiB per device; without one 1.5 times the model, rounded up to a MiB: 4.5 GB are 4291.5 MiB."""
    spec: Manifest = {"model": {"uri": "hf://org/repo", "size": size}}
    if count is not None:
        spec["accelerator"] = {"count": count}
    parsed = ModelServiceSpec.model_validate(spec)
    computed = resources(resolve("qwen", parsed, builtin()["vllm"]), parsed)
    assert computed["requests"] == {"cpu": cpu, "memory": memory}
    assert computed.get("limits") == (None if count is None else {"nvidia.com/gpu": str(count)})


@pytest.mark.parametrize(
    ("asked", "requests", "limits"),
    [
        ({"requests": {"cpu": "1500m"}}, {"cpu": "1500m", "memory": "16Gi"}, {}),
        ({"requests": {"memory": 1073741824}}, {"cpu": "4", "memory": "1073741824"}, {}),
        ({"limits": {"memory": "12Gi"}}, {"cpu": "4", "memory": "12Gi"}, {"memory": "12Gi"}),
        ({"limits": {"memory": "17Gi"}}, {"cpu": "4", "memory": "16Gi"}, {"memory": "17Gi"}),
        (
            {"requests": {"ephemeral-storage": "100Gi"}, "limits": {"cpu": "8000m"}},
            {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100Gi"},
            {"cpu": "8"},
        ),
    ],
)
def test_what_the_user_gives_wins(asked: Manifest, requests: Manifest, limits: Manifest) -> None:
    spec = ModelServiceSpec.model_validate({"model": {"uri": "hf://a/b"}, "accelerator": {}, "resources": asked})
    computed = resources(resolve("qwen", spec, builtin()["vllm"]), spec)
    assert computed == {"requests": requests, "limits": {**limits, "nvidia.com/gpu": "1"}}
