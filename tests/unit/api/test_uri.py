import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.api.uri import InvalidUri, ModelUri, parse_uri


@pytest.mark.parametrize(
    ("uri", "parsed"),
    [
        ("hf://Qwen/Qwen3-8B", ModelUri("hf", repository="Qwen/Qwen3-8B")),
        ("hf://Qwen/Qwen3-8B@main", ModelUri("hf", repository="Qwen/Qwen3-8B", revision="main")),
        ("hf://a/b@refs/pr/3", ModelUri("hf", repository="a/b", revision="refs/pr/3")),
        ("pvc://models", ModelUri("pvc", claim="models")),
        ("pvc://models/qwen", ModelUri("pvc", claim="models", path="qwen")),
        ("pvc://team.models/a/b@c", ModelUri("pvc", claim="team.models", path="a/b@c")),
    ],
)
def test_a_uri_is_taken_apart(uri: str, parsed: ModelUri) -> None:
    assert parse_uri(uri) == parsed


def test_a_line_break_at_the_end_is_no_part_of_a_uri() -> None:
    for uri in ("hf://a/b\n", "hf://a/b@c\n", "pvc://a\n", "pvc://a/b\n"):
        with pytest.raises(InvalidUri):
            parse_uri(uri)


@given(st.text() | st.from_regex(r"(hf|pvc)://[^/]*(/.*)?(@.*)?"))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        uri = parse_uri(text)
    except InvalidUri as error:
        assert str(error).startswith("must ")
        return
    parts = [uri.repository, f"@{uri.revision}" if uri.revision else "", uri.claim, f"/{uri.path}" if uri.path else ""]
    assert f"{uri.scheme}://{''.join(part or '' for part in parts)}" == text
