"""What a runtime is asked to do, and what it cannot do. `engine` has an image for NVIDIA only, and flags for all."""

import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.data import read_data
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.server import Server, resolve
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.runtimes.runtime import Runtime

ENGINE = """
name: engine
image: {nvidia: "engine:1"}
command: [engine, "{model.reference}"]
args:
- {flag: --port, aliases: [-p], value: "{port}"}
- {flag: --drain, value: "{drainSeconds}"}
port: 80
schemes: {hf: native}
requests: {perDevice: {cpu: "1", memory: 1Gi}, cpuOnly: {cpu: "1", memory: 1Gi, memoryPerModelSize: 1}}
drainSeconds: 20
preStopSeconds: 0
"""
MODEL = {"model": {"uri": "hf://org/repo"}, "accelerator": {}}


def engine() -> Runtime:
    return read_data(Runtime, "engine.yaml", ENGINE)


def server(spec: Manifest, runtime: Runtime | None = None) -> Server:
    return resolve("qwen", ModelServiceSpec.model_validate(spec), runtime or engine())


def test_placeholders() -> None:
    assert server(
        {"model": {"uri": "hf://org/repo@v1", "name": "chat", "size": "16Gi"}, "accelerator": {"count": 2}}
    ).values == {
        "model.reference": "org/repo",
        "model.name": "chat",
        "model.revision": "v1",
        "accelerator.count": "2",
        "port": "80",
        "drainSeconds": "20",
        "startupSeconds": "840",
    }


def test_placeholders_without_value() -> None:
    assert server({"runtime": {"image": "x"}}, builtin()["custom"]).values.keys() == {
        "port",
        "drainSeconds",
        "startupSeconds",
    }


def test_mounted_model() -> None:
    mounted = server({"model": {"uri": "pvc://claim/path"}}, builtin()["vllm"])
    assert mounted.mounts_model
    assert mounted.values["model.reference"] == "/model"
    assert mounted.values["model.name"] == "qwen"


@pytest.mark.parametrize(
    ("runtime", "uri", "values"),
    [
        ("vllm", "oci://r.io/org/model:v1", {"model.reference": "/model"}),
        ("vllm", "s3://bucket/model", {"model.reference": "s3://bucket/model"}),
        ("triton", "gs://bucket", {"model.reference": "gs://bucket"}),
        ("ollama", "ollama://qwen3:8b", {"model.reference": "qwen3:8b"}),
        ("llamacpp", "pvc://claim/model.gguf", {"model.reference": "/model/model.gguf"}),
        ("llamacpp", "pvc://claim/a/b/model.gguf", {"model.reference": "/model/model.gguf"}),
        ("llamacpp", "https://host/model.gguf", {"model.reference": "https://host/model.gguf"}),
        ("llamacpp", "hf://org/repo:Q4", {"model.reference": "org/repo", "model.quantization": "Q4"}),
        ("llamacpp", "hf://org/repo/q4/a.gguf", {"model.reference": "org/repo", "model.file": "q4/a.gguf"}),
    ],
)
def test_what_the_engine_loads(runtime: str, uri: str, values: dict[str, str]) -> None:
    found = server({"model": {"uri": uri}}, builtin()[runtime]).values
    of_the_model = {name: value for name, value in found.items() if name.startswith("model.") and name != "model.name"}
    assert of_the_model == values


@pytest.mark.parametrize(
    ("args", "port", "drain_seconds"),
    [
        ([], 80, 20),
        (["--port=9000"], 9000, 20),
        (["-p", "9000", "--drain", "60"], 9000, 60),
        (["--port", "1", "--port", "2"], 2, 20),
        (["--drain=0"], 80, 0),
    ],
)
def test_pod_follows_the_users_flags(args: list[str], port: int, drain_seconds: int) -> None:
    resolved = server({**MODEL, "runtime": {"args": args}})
    assert (resolved.port, resolved.drain_seconds) == (port, drain_seconds)


@pytest.mark.parametrize(
    ("runtime", "port"),
    [({}, 8080), ({"port": 9000}, 9000)],
)
def test_port_of_a_custom_server(runtime: Manifest, port: int) -> None:
    assert server({"runtime": {"image": "x", **runtime}}, builtin()["custom"]).port == port


@pytest.mark.parametrize(
    ("runtime", "image"),
    [({}, "engine:1"), ({"image": ""}, "engine:1"), ({"image": "mine:2"}, "mine:2")],
)
def test_image(runtime: Manifest, image: str) -> None:
    assert server({**MODEL, "runtime": runtime}).image == image


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"model": {"uri": "hf://org/repo"}},
            "spec.accelerator.vendor: the runtime engine has no image for cpu, only for nvidia. "
            "Choose one of these, or set spec.runtime.image to an image that runs on cpu.",
        ),
        ({**MODEL, "runtime": {"args": ["--port", "http"]}}, "spec.runtime.args: 'http' is no value for --port."),
        (
            {**MODEL, "runtime": {"args": ["-p"]}},
            "spec.runtime.args: --port has no value. Write a whole number, as in --",
        ),
        ({**MODEL, "runtime": {"args": ["--port=-1"]}}, "spec.runtime.args: '-1' is no value for --port."),
        ({**MODEL, "runtime": {"args": ["--port=70000"]}}, "spec.runtime.args: 70000 is no port."),
        ({**MODEL, "runtime": {"args": ["--drain=1.5"]}}, "spec.runtime.args: '1.5' is no value for --drain."),
    ],
)
def test_refused(spec: Manifest, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        server(spec)
    assert str(caught.value).startswith(message)


def test_custom_needs_an_image() -> None:
    with pytest.raises(PlanError, match=r"^spec\.runtime\.image is missing"):
        server({"runtime": {"name": "custom"}}, builtin()["custom"])
