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


@pytest.mark.parametrize(
    ("runtime", "uri", "variable", "given"),
    [
        ("vllm", "pvc://claim", "HF_HUB_OFFLINE", True),
        ("vllm", "oci://r.io/org/model", "HF_HUB_OFFLINE", True),
        ("vllm", "hf://org/repo", "HF_HUB_OFFLINE", False),
        ("vllm", "s3://bucket", "HF_HUB_OFFLINE", False),
        ("tgi", "oci://r.io/org/model", "HF_HUB_OFFLINE", True),
        ("tgi", "hf://org/repo", "HF_HUB_OFFLINE", False),
        ("llamacpp", "pvc://claim/a.gguf", "LLAMA_ARG_OFFLINE", True),
        ("llamacpp", "hf://org/repo", "LLAMA_ARG_OFFLINE", False),
    ],
)
def test_offline_for_a_mounted_model_only(runtime: str, uri: str, variable: str, given: bool) -> None:
    assert (variable in names_of({"model": {"uri": uri}}, runtime)) is given


@pytest.mark.parametrize(
    ("runtime", "uri", "expected"),
    [
        ("vllm", "hf://org/repo", {"HF_TOKEN": {"secretKeyRef": {"name": "s", "key": "HF_TOKEN"}}}),
        (
            "triton",
            "s3://bucket",
            {
                "AWS_ACCESS_KEY_ID": {"secretKeyRef": {"name": "s", "key": "AWS_ACCESS_KEY_ID"}},
                "AWS_SECRET_ACCESS_KEY": {"secretKeyRef": {"name": "s", "key": "AWS_SECRET_ACCESS_KEY"}},
                "AWS_SESSION_TOKEN": {"secretKeyRef": {"name": "s", "key": "AWS_SESSION_TOKEN", "optional": True}},
                "AWS_DEFAULT_REGION": {"secretKeyRef": {"name": "s", "key": "AWS_DEFAULT_REGION", "optional": True}},
            },
        ),
        ("vllm", "gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": "/credentials/GOOGLE_APPLICATION_CREDENTIALS"}),
    ],
)
def test_credentials(runtime: str, uri: str, expected: Manifest) -> None:
    data = builtin()[runtime]
    scheme = uri.partition("://")[0]
    names = {credential.name for credential in data.credentials[scheme]}
    for given in (True, False):
        model = {"uri": uri, "credentials": {"secretName": "s"} if given else None}
        spec = ModelServiceSpec.model_validate({"model": model})
        entries = environment(resolve("qwen", spec, data), spec)
        found = {entry["name"]: entry.get("valueFrom") or entry["value"] for entry in entries if entry["name"] in names}
        assert found == (expected if given else {})


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
