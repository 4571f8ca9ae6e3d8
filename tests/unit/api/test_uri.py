import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.api.uri import SCHEMES, InvalidUri, ModelUri, parse_uri
from unit.api.tables import ROWS, Row


@pytest.mark.parametrize(
    ("uri", "parsed"),
    [
        ("hf://Qwen/Qwen3-8B", ModelUri("hf", repository="Qwen/Qwen3-8B")),
        ("hf://Qwen/Qwen3-8B@main", ModelUri("hf", repository="Qwen/Qwen3-8B", revision="main")),
        ("hf://a/b@refs/pr/3", ModelUri("hf", repository="a/b", revision="refs/pr/3")),
        ("hf://a/b/q4/c.gguf@v1", ModelUri("hf", repository="a/b", file="q4/c.gguf", revision="v1")),
        ("hf://a/b:Q4_K_M", ModelUri("hf", repository="a/b", quantization="Q4_K_M")),
        ("hf://a/b:Q4_K_M@v1", ModelUri("hf", repository="a/b", quantization="Q4_K_M", revision="v1")),
        ("oci://r.io:5000/a/b:v1", ModelUri("oci", repository="r.io:5000/a/b:v1")),
        ("ollama://a/b:8b", ModelUri("ollama", repository="a/b:8b")),
        ("s3://bucket/a/b", ModelUri("s3", address="s3://bucket/a/b")),
        ("gs://bucket", ModelUri("gs", address="gs://bucket")),
        ("az://container/a", ModelUri("az", address="az://container/a")),
        ("http://h/a.gguf", ModelUri("http", address="http://h/a.gguf")),
        ("https://h:8443/a.gguf?b=c", ModelUri("https", address="https://h:8443/a.gguf?b=c")),
        ("pvc://models", ModelUri("pvc", claim="models")),
        ("pvc://models/qwen", ModelUri("pvc", claim="models", path="qwen")),
        ("pvc://team.models/a/b@c", ModelUri("pvc", claim="team.models", path="a/b@c")),
    ],
)
def test_a_uri_is_taken_apart(uri: str, parsed: ModelUri) -> None:
    assert parse_uri(uri) == parsed


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_line_break_at_the_end_is_no_part_of_a_uri(scheme: str) -> None:
    valid = next(row.patch["spec"]["model"]["uri"] for row in ROWS if not row.path and begins_with(row, scheme))
    parse_uri(valid)
    with pytest.raises(InvalidUri):
        parse_uri(f"{valid}\n")


def begins_with(row: Row, scheme: str) -> bool:
    model = row.patch.get("spec", {}).get("model") or {}
    return bool(model.get("uri", "").startswith(f"{scheme}://"))


@given(st.text() | st.from_regex(rf"({'|'.join(SCHEMES)})://[^/]*(/.*)?([@:].*)?"))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        uri = parse_uri(text)
    except InvalidUri as error:
        assert str(error).startswith("must ")
        return
    if uri.address:
        assert uri.address == text
        return
    parts = [
        uri.repository or uri.claim or "",
        f"/{uri.file}" if uri.file else "",
        f":{uri.quantization}" if uri.quantization else "",
        f"@{uri.revision}" if uri.revision else "",
        f"/{uri.path}" if uri.path else "",
    ]
    assert f"{uri.scheme}://{''.join(parts)}" == text
