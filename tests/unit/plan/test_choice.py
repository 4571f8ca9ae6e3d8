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
        ("pvc://models", "safetensors"),
    ],
)
def test_format(uri: str, model_format: str) -> None:
    assert format_of(parse_uri(uri)) == model_format


@pytest.mark.parametrize(
    ("spec", "runtime"),
    [
        ({"model": {"uri": "hf://Qwen/Qwen3-8B"}}, "vllm"),
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
        ({"runtime": {"name": "tgi"}}, "spec.runtime.name: there is no runtime tgi.", "Choose one of custom, vllm."),
        ({}, "spec.model is missing.", "Set spec.model.uri, or spec.runtime.name: custom with an image."),
        (
            {"model": {"uri": "hf://Qwen/Qwen3-8B-GGUF"}},
            "spec.model.uri: hf://Qwen/Qwen3-8B-GGUF is a gguf model, for which there is no runtime.",
            "Choose a model in another format, or a server of your own: spec.runtime.name: custom, without spec.model.",
        ),
    ],
)
def test_no_choice(spec: Manifest, message: str, remedy: str) -> None:
    with pytest.raises(PlanError) as caught:
        choose(ModelServiceSpec.model_validate(spec), builtin())
    assert (caught.value.message, caught.value.remedy) == (message, remedy)
