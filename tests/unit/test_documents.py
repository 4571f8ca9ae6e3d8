import pytest
import yaml

from modelservice_operator.documents import InvalidYaml, read_documents, write_documents


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("---\n---\n# nothing\n", []),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("day: 2026-11-22\n", [{"day": "2026-11-22"}]),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}\n", [{"a": {"b": 1}, "c": {"b": 1, "d": 2}}]),
    ],
)
def test_read(text: str, documents: list[object]) -> None:
    assert read_documents(text) == documents


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\nb: [\n", "line 3: "),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "line 4: c stands twice"),
        ("a: !!python/object:os.system x\n", "line 1: could not determine a constructor"),
        ("? [a]\n: 1\n", "line 1: found unhashable key"),
        ("a: \x01\n", "unacceptable character"),
    ],
)
def test_cannot_be_read(text: str, complaint: str) -> None:
    with pytest.raises(InvalidYaml, match=complaint):
        read_documents(text)


@pytest.mark.parametrize(
    "text", ["y", "N", "on", "null", "~", "", "12", "0o17", "1e5", "2E-3", "1:30", "2026-11-22", "0x1f", ".inf"]
)
def test_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert write_documents([{"a": text}]) == f'a: "{text}"\n'


@pytest.mark.parametrize(
    "text", ["yes-man", "bcdf", "vllm/vllm-openai:v0.33.0", "-tp", "--port=8000", "/health", "16Gi", "é"]
)
def test_other_text_is_plain(text: str) -> None:
    assert write_documents([{"a": text}]) == f"a: {text}\n"


def test_order_blocks_and_no_aliases() -> None:
    shared = {"z": 1, "a": [1, {"b": "x " * 200}]}
    text = write_documents([{"one": shared, "two": shared, "empty": {}}, {"script": "first\nsecond\n"}])
    assert text.splitlines()[:5] == ["one:", "  z: 1", "  a:", "  - 1", f'  - b: "{"x " * 200}"']
    assert text.endswith("empty: {}\n---\nscript: |\n  first\n  second\n")
    assert list(yaml.safe_load_all(text)) == [
        {"one": shared, "two": shared, "empty": {}},
        {"script": "first\nsecond\n"},
    ]
