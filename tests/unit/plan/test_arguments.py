import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.arguments import arguments, command
from modelservice_operator.plan.server import resolve
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.runtimes.runtime import Argument, When

SERVED = "--served-model-name=qwen"
PARALLEL = "--tensor-parallel-size=4"
PORT = "--port=8000"
SHUTDOWN = "--shutdown-timeout=30"
QUIET = "--disable-access-log-for-endpoints=/health,/metrics"


def vllm(args: list[str], uri: str = "hf://org/repo", count: int = 4) -> list[str]:
    spec = ModelServiceSpec.model_validate(
        {"model": {"uri": uri}, "runtime": {"args": args}, "accelerator": {"count": count}}
    )
    return arguments(resolve("qwen", spec, builtin()["vllm"]), spec.runtime)


@pytest.mark.parametrize(
    ("users", "ours"),
    [
        ([], [SERVED, PARALLEL, PORT, SHUTDOWN, QUIET]),
        (["--max-model-len", "8192"], [SERVED, PARALLEL, PORT, SHUTDOWN, QUIET]),
        (["--tensor-parallel-size=2"], [SERVED, PORT, SHUTDOWN, QUIET]),
        (["--tensor-parallel-size", "2"], [SERVED, PORT, SHUTDOWN, QUIET]),
        (["--tensor_parallel_size=2"], [SERVED, PORT, SHUTDOWN, QUIET]),
        (["-tp", "2"], [SERVED, PORT, SHUTDOWN, QUIET]),
        (["-tp=2"], [SERVED, PORT, SHUTDOWN, QUIET]),
        (["--served-model-name", "a", "b"], [PARALLEL, PORT, SHUTDOWN, QUIET]),
        (["--no-disable-access-log-for-endpoints"], [SERVED, PARALLEL, PORT, SHUTDOWN]),
        (["--port=9000", "--shutdown_timeout", "0"], [SERVED, PARALLEL, QUIET]),
        (["--port-range=1"], [SERVED, PARALLEL, PORT, SHUTDOWN, QUIET]),
        (["--tensor-parallel-size-of=2", "-t", "tp"], [SERVED, PARALLEL, PORT, SHUTDOWN, QUIET]),
    ],
)
def test_a_flag_of_the_user_replaces_ours(users: list[str], ours: list[str]) -> None:
    assert vllm(users) == [*ours, *users]


def test_a_flag_without_a_value_is_left_out() -> None:
    assert "--revision=v1" in vllm([], uri="hf://org/repo@v1")
    assert not [argument for argument in vllm([]) if argument.startswith("--revision")]


@pytest.mark.parametrize(("uri", "given"), [("hf://org/repo", False), ("pvc://claim", True)])
def test_conditions(uri: str, given: bool) -> None:
    conditional = Argument(flag="--mounted", value="yes", when=When(schemes=("pvc",)))
    runtime = builtin()["vllm"].model_copy(update={"args": (conditional,)})
    spec = ModelServiceSpec.model_validate({"model": {"uri": uri}})
    assert arguments(resolve("qwen", spec, runtime), spec.runtime) == (["--mounted=yes"] if given else [])


@pytest.mark.parametrize(
    ("argument", "style", "written"),
    [
        (Argument(flag="--port", value="{port}"), "joined", ["--port=8000"]),
        (Argument(flag="--port", value="{port}"), "separate", ["--port", "8000"]),
        (Argument(flag="--metrics"), "joined", ["--metrics"]),
        (Argument(flag="--metrics"), "separate", ["--metrics"]),
        (Argument(flag="--quiet", values=("/a", "{port}")), "joined", ["--quiet", "/a", "8000"]),
        (Argument(flag="--quiet", values=("/a", "{model.file}")), "joined", []),
        (Argument(flag="--file", value="{model.file}"), "separate", []),
    ],
)
def test_how_a_flag_is_written(argument: Argument, style: str, written: list[str]) -> None:
    runtime = builtin()["vllm"].model_copy(update={"args": (argument,), "flag_style": style})
    spec = ModelServiceSpec.model_validate({"model": {"uri": "hf://org/repo"}})
    assert arguments(resolve("qwen", spec, runtime), spec.runtime) == written


LISTENS = ["--host", "0.0.0.0", "--port", "8080"]  # noqa: S104
LLAMACPP = ["--alias", "qwen", *LISTENS, "--metrics"]


@pytest.mark.parametrize(
    ("uri", "users", "expected"),
    [
        ("hf://org/repo", [], ["--hf-repo", "org/repo", *LLAMACPP]),
        ("hf://org/repo:Q8_0", [], ["--hf-repo", "org/repo:Q8_0", *LLAMACPP]),
        ("hf://org/repo/a/b.gguf", [], ["--hf-repo", "org/repo", "--hf-file", "a/b.gguf", *LLAMACPP]),
        ("pvc://claim/a/b.gguf", [], ["--model", "/model/b.gguf", *LLAMACPP]),
        ("http://host/b.gguf", [], ["--model-url", "http://host/b.gguf", *LLAMACPP]),
        ("https://host/b.gguf", [], ["--model-url", "https://host/b.gguf", *LLAMACPP]),
        (
            "pvc://claim/b.gguf",
            ["-a", "mine", "--no-metrics"],
            ["--model", "/model/b.gguf", *LISTENS, "-a", "mine", "--no-metrics"],
        ),
    ],
)
def test_llamacpp(uri: str, users: list[str], expected: list[str]) -> None:
    spec = ModelServiceSpec.model_validate({"model": {"uri": uri}, "runtime": {"args": users}})
    assert arguments(resolve("qwen", spec, builtin()["llamacpp"]), spec.runtime) == expected


@pytest.mark.parametrize(("count", "given"), [(1, False), (2, True), (8, True)])
def test_tensor_parallel_from_two_devices(count: int, given: bool) -> None:
    assert (f"--tensor-parallel-size={count}" in vllm([], count=count)) is given


@pytest.mark.parametrize(
    ("runtime", "spec", "expected"),
    [
        ("vllm", {"model": {"uri": "hf://org/repo"}}, ["vllm", "serve", "org/repo"]),
        ("vllm", {"model": {"uri": "pvc://claim/path"}}, ["vllm", "serve", "/model"]),
        ("sglang", {"model": {"uri": "hf://org/repo"}, "accelerator": {}}, ["python3", "-m", "sglang.launch_server"]),
        ("tei", {"model": {"uri": "hf://org/repo"}}, []),
        ("custom", {"runtime": {"image": "x"}}, []),
        ("custom", {"runtime": {"image": "x", "command": ["serve", "it"]}}, ["serve", "it"]),
    ],
)
def test_command(runtime: str, spec: Manifest, expected: list[str]) -> None:
    parsed = ModelServiceSpec.model_validate(spec)
    assert command(resolve("qwen", parsed, builtin()[runtime]), parsed.runtime) == expected
