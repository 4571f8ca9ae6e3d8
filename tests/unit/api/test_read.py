from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.api.spec import Model, ModelServiceSpec
from unit.api.tables import MANIFEST, ROWS, Row, patched


def mistakes_in(spec: Any, name: str) -> tuple[str, ...]:
    try:
        read_spec(spec, name)
    except InvalidSpec as refused:
        return refused.mistakes
    return ()


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_reader_repeats_what_the_planner_relies_on(row: Row) -> None:
    manifest = patched(MANIFEST, row.patch)
    mistakes = mistakes_in(manifest["spec"], manifest["metadata"]["name"])
    refused = row.path and row.reader != "pass"
    assert [mistake.partition(": ")[0] for mistake in mistakes] == ([row.path] if refused else [])
    if refused and row.reader == "same":
        assert row.text in mistakes[0]


def test_defaults() -> None:
    spec = read_spec({"model": {"uri": "hf://a/b"}, "accelerator": {}}, "x")
    assert spec == ModelServiceSpec(model=Model(uri="hf://a/b"), accelerator=Accelerator(vendor="nvidia", count=1))
    assert spec.replicas == 1
    assert spec.endpoint.port == 80
    assert spec.rollout.revision_history_limit == 5


def test_fields_of_a_newer_version_and_nulls_are_passed_over() -> None:
    spec = read_spec({"model": {"uri": "hf://a/b", "adapters": [], "size": None}, "route": {}, "runtime": None}, "x")
    assert spec == read_spec({"model": {"uri": "hf://a/b"}}, "x")


def test_a_size_may_be_a_number() -> None:
    spec = read_spec({"model": {"uri": "hf://a/b", "size": 16_000_000_000}}, "x")
    assert spec.model is not None
    assert spec.model.size == "16000000000"


@pytest.mark.parametrize(("levels", "refused"), [(50, False), (51, True), (900, True)])
def test_a_patch_is_followed_to_a_depth(levels: int, refused: bool) -> None:
    patch: Any = {}
    for _ in range(levels):
        patch = {"a": patch}
    mistakes = mistakes_in({"model": {"uri": "hf://a/b"}, "podTemplate": {"spec": patch}}, "x")
    told = ("spec.podTemplate.spec: may not be nested more than 50 levels deep, as no part of a pod is",)
    assert mistakes == (told if refused else ())


def test_every_mistake_is_one_sentence() -> None:
    with pytest.raises(InvalidSpec) as refused:
        read_spec({"model": {"uri": "hf://a/b", "size": "16"}, "runtime": {"name": "x"}}, "qwen3.8b")
    assert str(refused.value) == (
        "metadata.name: \"qwen3.8b\" must be lower-case letters, digits and '-', with a letter first and no '-' last, "
        "because its Service has the same name, for example qwen3-8b. "
        'spec.model.size: "16" must be from 1Mi to 100Ti; a number without a unit means bytes: write 16Gi, not 16. '
        'spec.runtime.name: "x" must be one of vllm, sglang, llamacpp, tei, triton, ollama, tgi, custom; custom is any '
        "other server: name: custom with an image."
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (None, "spec: null must be a map of fields."),
        ([], "spec: [] must be a map of fields."),
        ({"model": "hf://a/b"}, 'spec.model: "hf://a/b" must be a map of fields.'),
        ({"model": {}}, "spec.model.uri: must be set."),
        ({"model": {"uri": 1}}, "spec.model.uri: 1 must be a text."),
        ({"model": {"uri": "hf://a/b", "size": True}}, "spec.model.size: true must be a text."),
        (
            {"model": {"uri": "hf://a/b", "format": "pt"}},
            "spec.model.format: \"pt\" must be 'safetensors', 'gguf' or 'onnx'.",
        ),
        ({"runtime": {"args": "-x"}}, 'spec.runtime.args: "-x" must be a list.'),
        ({"runtime": {"args": [None]}}, "spec.runtime.args[0]: null must be a text."),
        ({"runtime": {"env": [{"value": "x"}]}}, "spec.runtime.env[0].name: must be set."),
        (
            {"accelerator": {"vendor": "ati"}},
            "spec.accelerator.vendor: \"ati\" must be 'nvidia', 'amd', 'intel', 'gaudi', 'tpu' or 'neuron'.",
        ),
        ({"accelerator": {"count": 0}}, "spec.accelerator.count: 0 must be at least 1."),
        ({"accelerator": {"count": 1.5}}, "spec.accelerator.count: 1.5 must be a whole number."),
        ({"endpoint": {"port": 65536}}, "spec.endpoint.port: 65536 must be at most 65535."),
        ({"replicas": True}, "spec.replicas: true must be a whole number."),
        ({"suspend": 1}, "spec.suspend: 1 must be true or false."),
    ],
)
def test_wrong_types_are_named_with_their_place(spec: Any, message: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        read_spec(spec, "x")
    assert str(refused.value) == message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "model",
    "uri",
    "name",
    "format",
    "size",
    "credentials",
    "secretName",
    "runtime",
    "image",
    "args",
    "env",
    "command",
]
FIELDS += ["products", "memory", "partition", "resources", "limits", "cpu", "placement", "tolerations", "affinity"]
FIELDS += ["scaling", "targets", "metrics", "maxReplicas", "type", "value", "disruption", "maxUnavailable", "ingress"]
FIELDS += ["port", "healthPath", "accelerator", "vendor", "count", "replicas", "rollout", "endpoint", "suspend"]
ALMOST_A_SPEC = st.recursive(
    JSON | st.sampled_from(["hf://a/b", "pvc://a", "oci://r/a", "s3://a", "custom", "vllm", "16Gi", "nvidia"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@given(JSON | ALMOST_A_SPEC, st.text())
def test_anything_is_read_or_refused_in_sentences(raw: Any, name: str) -> None:
    try:
        read_spec(raw, name)
    except InvalidSpec as refused:
        assert refused.mistakes
        assert all(mistake.startswith(("spec", "metadata.name")) and ": " in mistake for mistake in refused.mistakes)
