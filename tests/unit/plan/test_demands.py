"""What a runtime cannot honour is refused, and the remedy names those that can."""

import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.demands import refuse_what_it_cannot
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.runtimes.catalogue import builtin


def refuse(runtime: str, model: Manifest | None, among: tuple[str, ...] = tuple(builtin())) -> None:
    runtimes = {name: builtin()[name] for name in among}
    refuse_what_it_cannot(ModelServiceSpec.model_validate({"model": model}), builtin()[runtime], runtimes)


@pytest.mark.parametrize(
    ("runtime", "model"),
    [
        ("vllm", {"uri": "hf://org/repo@v1", "name": "chat:latest", "credentials": {"secretName": "s"}}),
        ("vllm", {"uri": "s3://bucket", "credentials": {"secretName": "s"}}),
        ("sglang", {"uri": "hf://org/repo@v1", "name": "chat"}),
        ("tei", {"uri": "hf://org/repo@v1", "name": "chat"}),
        ("tgi", {"uri": "hf://org/repo@v1"}),
        ("llamacpp", {"uri": "hf://org/repo/model.gguf"}),
        ("llamacpp", {"uri": "hf://org/repo:Q4_K_M"}),
        ("llamacpp", {"uri": "pvc://claim/a/model.GGUF"}),
        ("triton", {"uri": "gs://bucket", "credentials": {"secretName": "s"}}),
        ("ollama", {"uri": "ollama://qwen3", "name": "org/qwen3:8b"}),
        ("custom", {"uri": "oci://r.io/org/model", "name": "chat"}),
        ("custom", None),
    ],
)
def test_honoured(runtime: str, model: Manifest | None) -> None:
    refuse(runtime, model)


@pytest.mark.parametrize(
    ("runtime", "model", "message", "remedy"),
    [
        ("vllm", None, "spec.model is missing: the runtime vllm has nothing to serve.", "Set spec.model.uri."),
        ("triton", None, "spec.model is missing: the runtime triton has nothing to serve.", "Set spec.model.uri."),
        ("ollama", None, "spec.model is missing: the runtime ollama has nothing to serve.", "Set spec.model.uri."),
        (
            "tei",
            {"uri": "s3://bucket"},
            "spec.model.uri: the runtime tei cannot serve a model from s3://.",
            "Use hf:// or pvc:// or oci://, or spec.runtime.name: sglang or triton or vllm.",
        ),
        (
            "vllm",
            {"uri": "https://host/model.gguf"},
            "spec.model.uri: the runtime vllm cannot serve a model from https://.",
            "Use hf:// or pvc:// or oci:// or s3:// or gs:// or az://, or spec.runtime.name: llamacpp.",
        ),
        (
            "triton",
            {"uri": "az://container"},
            "spec.model.uri: the runtime triton cannot serve a model from az://.",
            "Use pvc:// or oci:// or s3:// or gs://, or spec.runtime.name: sglang or vllm.",
        ),
        (
            "llamacpp",
            {"uri": "pvc://claim"},
            "spec.model.uri: the runtime llamacpp needs the path of a file that ends in .gguf.",
            "Write pvc://claim/path/model.gguf.",
        ),
        (
            "llamacpp",
            {"uri": "pvc://claim/models/qwen"},
            "spec.model.uri: the runtime llamacpp needs the path of a file that ends in .gguf.",
            "Write pvc://claim/path/model.gguf.",
        ),
        (
            "llamacpp",
            {"uri": "hf://org/repo@v1"},
            "spec.model.uri: the runtime llamacpp cannot choose a revision.",
            "Leave @v1 out, or use spec.runtime.name: sglang or tei or tgi or vllm.",
        ),
        (
            "vllm",
            {"uri": "hf://org/repo/q4/model.gguf"},
            "spec.model.uri: the runtime vllm cannot choose one file of a repository.",
            "Leave /q4/model.gguf out, or use spec.runtime.name: llamacpp.",
        ),
        (
            "sglang",
            {"uri": "hf://org/repo:Q4"},
            "spec.model.uri: the runtime sglang cannot choose a quantization.",
            "Leave :Q4 out, or use spec.runtime.name: llamacpp.",
        ),
        (
            "triton",
            {"uri": "s3://bucket", "name": "chat"},
            "spec.model.name: the runtime triton serves a model under a name of its own.",
            "Leave the field out, or use spec.runtime.name: sglang or vllm.",
        ),
        (
            "tgi",
            {"uri": "hf://org/repo", "name": "chat"},
            "spec.model.name: the runtime tgi serves a model under a name of its own.",
            "Leave the field out, or use spec.runtime.name: llamacpp or sglang or tei or vllm.",
        ),
        (
            "sglang",
            {"uri": "hf://org/repo", "name": "chat:v1"},
            "spec.model.name: the runtime sglang cannot serve a model as chat:v1.",
            "Write a name that matches [^:]+.",
        ),
        (
            "triton",
            {"uri": "pvc://claim", "credentials": {"secretName": "s"}},
            "spec.model.credentials: the runtime triton uses none for pvc://.",
            "Leave the field out.",
        ),
    ],
)
def test_refused(runtime: str, model: Manifest | None, message: str, remedy: str) -> None:
    with pytest.raises(PlanError) as caught:
        refuse(runtime, model)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)


def test_when_no_runtime_can() -> None:
    with pytest.raises(PlanError, match=r"Use hf:// or .*, or another source\.$"):
        refuse("vllm", {"uri": "ollama://qwen3"}, among=("vllm", "tei"))


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("qwen3", True),
        ("qwen3:8b", True),
        ("Org_1/qwen-3.5:8b-q4", True),
        ("a/b/c", False),
        ("my.org/qwen", False),
        ("qwen:a:b", False),
    ],
)
def test_names_that_ollama_takes(name: str, taken: bool) -> None:
    if taken:
        refuse("ollama", {"uri": "ollama://qwen3", "name": name})
        return
    with pytest.raises(PlanError, match="cannot serve a model as"):
        refuse("ollama", {"uri": "ollama://qwen3", "name": name})


@pytest.mark.parametrize(
    ("runtime", "args", "accelerator", "refused"),
    [
        (
            "vllm",
            ["--tensor-parallel-size=4"],
            {"count": 1},
            "--tensor-parallel-size asks for 4 devices, and the pod has 1",
        ),
        (
            "vllm",
            ["-tp", "4"],
            {"vendor": "amd", "count": 2},
            "--tensor-parallel-size asks for 4 devices, and the pod h",
        ),
        ("sglang", ["--tp=8"], {"count": 4}, "--tp-size asks for 8 devices, and the pod has 4"),
        ("vllm", ["--tensor-parallel-size=4"], {"count": 4}, ""),
        ("vllm", ["--tensor-parallel-size=2", "--pipeline-parallel-size=2"], {"count": 4}, ""),
        ("vllm", ["--tensor-parallel-size=8"], {"vendor": "tpu", "count": 4}, ""),
        ("vllm", ["--tensor-parallel-size=2"], None, ""),
        ("vllm", ["--tensor-parallel-size=all"], {"count": 1}, ""),
        ("vllm", ["--tensor-parallel-size"], {"count": 1}, ""),
    ],
)
def test_a_flag_that_asks_for_more_devices_than_the_pod_has(
    runtime: str, args: list[str], accelerator: Manifest | None, refused: str
) -> None:
    spec = {"model": {"uri": "hf://org/repo"}, "runtime": {"args": args}, "accelerator": accelerator}
    asked = ModelServiceSpec.model_validate(spec)
    if not refused:
        refuse_what_it_cannot(asked, builtin()[runtime], builtin())
        return
    with pytest.raises(PlanError, match=f"^spec.runtime.args: {refused}"):
        refuse_what_it_cannot(asked, builtin()[runtime], builtin())
