import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.server import resolve
from modelservice_operator.plan.volumes import volumes_and_mounts
from modelservice_operator.runtimes.catalogue import builtin

CLAIM = {"persistentVolumeClaim": {"claimName": "claim", "readOnly": True}}


def made(runtime: str, model: Manifest, name: str) -> tuple[list[Manifest], list[Manifest]]:
    """The volumes and the mounts of that name."""
    spec = ModelServiceSpec.model_validate({"model": model, "runtime": {"image": "x"}})
    volumes, mounts = volumes_and_mounts(resolve("qwen", spec, builtin()[runtime]), spec)
    return [volume for volume in volumes if volume["name"] == name], [
        mount for mount in mounts if mount["name"] == name
    ]


@pytest.mark.parametrize(
    ("runtime", "uri", "source", "directory"),
    [
        ("vllm", "pvc://claim", CLAIM, None),
        ("vllm", "pvc://claim/a/b", CLAIM, "a/b"),
        ("custom", "pvc://claim/a/b.gguf", CLAIM, "a/b.gguf"),
        ("llamacpp", "pvc://claim/a/b.gguf", CLAIM, "a"),
        ("llamacpp", "pvc://claim/b.gguf", CLAIM, None),
        ("vllm", "oci://r.io:5000/org/model:v1", {"image": {"reference": "r.io:5000/org/model:v1"}}, None),
        ("custom", "oci://r.io/org/model", {"image": {"reference": "r.io/org/model"}}, None),
    ],
)
def test_a_mounted_model(runtime: str, uri: str, source: Manifest, directory: str | None) -> None:
    volumes, mounts = made(runtime, {"uri": uri}, "model")
    assert volumes == [{"name": "model", **source}]
    mount = {"name": "model", "mountPath": "/model", "readOnly": True}
    assert mounts == [mount if directory is None else {**mount, "subPath": directory}]


@pytest.mark.parametrize("uri", ["hf://org/repo", "s3://bucket/model"])
def test_a_model_that_the_server_fetches(uri: str) -> None:
    assert made("vllm", {"uri": uri}, "model") == ([], [])


@pytest.mark.parametrize(
    ("uri", "secret", "given"), [("gs://bucket", "s", True), ("gs://bucket", None, False), ("s3://bucket", "s", False)]
)
def test_credentials_as_files(uri: str, secret: str | None, given: bool) -> None:
    credentials = {"secretName": secret} if secret else None
    volumes, mounts = made("vllm", {"uri": uri, "credentials": credentials}, "credentials")
    key = "GOOGLE_APPLICATION_CREDENTIALS"
    source = {"secretName": "s", "items": [{"key": key, "path": key}], "optional": True}
    assert volumes == ([{"name": "credentials", "secret": source}] if given else [])
    assert mounts == ([{"name": "credentials", "mountPath": "/credentials", "readOnly": True}] if given else [])
