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
    conditional = Argument(flag="--mounted", value="yes", when=When(scheme="pvc"))
    runtime = builtin()["vllm"].model_copy(update={"args": (conditional,)})
    spec = ModelServiceSpec.model_validate({"model": {"uri": uri}})
    assert arguments(resolve("qwen", spec, runtime), spec.runtime) == (["--mounted=yes"] if given else [])


@pytest.mark.parametrize(("count", "given"), [(1, False), (2, True), (8, True)])
def test_tensor_parallel_from_two_devices(count: int, given: bool) -> None:
    assert (f"--tensor-parallel-size={count}" in vllm([], count=count)) is given


@pytest.mark.parametrize(
    ("runtime", "spec", "expected"),
    [
        ("vllm", {"model": {"uri": "hf://org/repo"}}, ["vllm", "serve", "org/repo"]),
        ("vllm", {"model": {"uri": "pvc://claim/path"}}, ["vllm", "serve", "/model"]),
        ("custom", {"runtime": {"image": "x"}}, []),
        ("custom", {"runtime": {"image": "x", "command": ["serve", "it"]}}, ["serve", "it"]),
    ],
)
def test_command(runtime: str, spec: Manifest, expected: list[str]) -> None:
    parsed = ModelServiceSpec.model_validate(spec)
    assert command(resolve("qwen", parsed, builtin()[runtime]), parsed.runtime) == expected
