import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.uri import parse_uri
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.choice import choose, format_of
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.runtimes.catalogue import builtin


@pytest.mark.parametrize(
    ("uri", "model_format"),
    [
        ("hf://Qwen/Qwen3-8B", "safetensors"),
        ("hf://Qwen/Qwen3-8B-GGUF", "gguf"),
        ("hf://bartowski/qwen3-gguf@main", "gguf"),
        ("pvc://models/qwen.gguf", "gguf"),
        ("pvc://models/qwen.GGUF", "gguf"),
        ("pvc://models/gguf/qwen", "safetensors"),
        ("hf://Qwen/Qwen3-8B/q4.gguf", "gguf"),
        ("hf://Qwen/Qwen3-8B:Q4_K_M", "gguf"),
        ("oci://ghcr.io/org/qwen3-gguf:v1", "gguf"),
        ("oci://ghcr.io/org/qwen3:v1", "safetensors"),
        ("s3://gguf-models/qwen", "safetensors"),
        ("https://host/qwen.gguf?version=1", "gguf"),
        ("pvc://models", "safetensors"),
    ],
)
def test_format(uri: str, model_format: str) -> None:
    assert format_of(parse_uri(uri)) == model_format


@pytest.mark.parametrize(
    ("spec", "runtime"),
    [
        ({"model": {"uri": "hf://Qwen/Qwen3-8B"}}, "vllm"),
        ({"model": {"uri": "pvc://models/qwen"}}, "vllm"),
        ({"model": {"uri": "hf://Qwen/Qwen3-8B-GGUF"}}, "llamacpp"),
        ({"model": {"uri": "pvc://models/qwen.gguf"}}, "llamacpp"),
        ({"model": {"uri": "https://host/qwen.gguf"}}, "llamacpp"),
        ({"model": {"uri": "ollama://qwen3"}}, "ollama"),
        ({"model": {"uri": "ollama://qwen3", "format": "safetensors"}}, "ollama"),
        ({"model": {"uri": "pvc://models", "format": "safetensors"}}, "vllm"),
        ({"model": {"uri": "pvc://models", "format": "onnx"}}, "triton"),
        ({"model": {"uri": "pvc://models", "format": "gguf"}}, "llamacpp"),
        ({"model": {"uri": "hf://Qwen/Qwen3-8B-GGUF", "format": "safetensors"}}, "vllm"),
        ({"model": {"uri": "pvc://models", "format": "onnx"}, "runtime": {"name": "tei"}}, "tei"),
        ({"model": {"uri": "pvc://models"}, "runtime": {"name": "custom"}}, "custom"),
        ({"model": {"uri": "hf://Qwen/Qwen3-8B-GGUF"}, "runtime": {"name": "vllm"}}, "vllm"),
        ({"runtime": {"name": "custom"}}, "custom"),
    ],
)
def test_choose(spec: Manifest, runtime: str) -> None:
    assert choose(ModelServiceSpec.model_validate(spec), builtin()).name == runtime


@pytest.mark.parametrize(
    ("spec", "message", "remedy"),
    [
        (
            {"runtime": {"name": "torchserve"}},
            "spec.runtime.name: there is no runtime torchserve.",
            "Choose one of custom, tei, vllm.",
        ),
        ({}, "spec.model is missing.", "Set spec.model.uri, or spec.runtime.name: custom with an image."),
        (
            {"model": {"uri": "pvc://models/qwen.gguf"}},
            "spec.model.uri: pvc://models/qwen.gguf is a gguf model, for which there is no runtime.",
            "Choose a model in another format, or a server of your own: spec.runtime.name: custom, without spec.model.",
        ),
    ],
)
def test_no_choice(spec: Manifest, message: str, remedy: str) -> None:
    some = {name: builtin()[name] for name in ("custom", "tei", "vllm")}
    with pytest.raises(PlanError) as caught:
        choose(ModelServiceSpec.model_validate(spec), some)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)
