import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.types.env import EnvVar
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.environment import environment, variable
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.server import resolve
from modelservice_operator.runtimes.catalogue import builtin


def names_of(spec: Manifest, runtime: str = "vllm") -> list[str]:
    parsed = ModelServiceSpec.model_validate(spec)
    return [entry["name"] for entry in environment(resolve("qwen", parsed, builtin()[runtime]), parsed)]


def test_offline_for_a_mounted_model_only() -> None:
    assert "HF_HUB_OFFLINE" in names_of({"model": {"uri": "pvc://claim"}})
    assert "HF_HUB_OFFLINE" not in names_of({"model": {"uri": "hf://org/repo"}})


def test_users_variables_come_last_and_replace_ours() -> None:
    spec = {
        "model": {"uri": "hf://org/repo", "credentials": {"secretName": "s"}},
        "runtime": {"env": [{"name": "HF_HOME", "value": "/mine"}, {"name": "HF_TOKEN", "value": "$(HOME)"}]},
    }
    given = names_of(spec)
    assert given[-2:] == ["HF_HOME", "HF_TOKEN"]
    assert len(given) == len(set(given))


def test_a_name_twice() -> None:
    with pytest.raises(PlanError, match=r"^spec\.runtime\.env: a name stands twice\. Keep one"):
        names_of({"model": {"uri": "hf://org/repo"}, "runtime": {"env": [{"name": "A"}, {"name": "A", "value": "1"}]}})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"runtime": {"image": "x"}}, ["PORT"]),
        ({"runtime": {"image": "x"}, "model": {"uri": "pvc://claim"}}, ["MODEL_NAME", "PORT"]),
    ],
)
def test_custom(spec: Manifest, expected: list[str]) -> None:
    assert names_of(spec, "custom") == expected


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({"name": "A", "value": "x"}, {"name": "A", "value": "x"}),
        ({"name": "A", "value": ""}, {"name": "A"}),
        (
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
        ),
        (
            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1024Ki"}}},
            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
        ),
    ],
)
def test_variable(given: Manifest, printed: Manifest) -> None:
    assert variable(EnvVar.model_validate(given)) == printed
