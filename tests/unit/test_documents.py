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
        ("[y, N, on, yes-man]", [[True, False, True, "yes-man"]]),
        ("[12, 0o17, 010, 0x1f, -0b11, 1_000]", [[12, 15, 8, 31, -3, 1000]]),
        ("[1e5, 2.5E-3, 1.0e20, .5, 08, 1e, -x]", [[1e5, 0.0025, 1e20, 0.5, 8.0, "1e", "-x"]]),
        ("[0x_, 0b_, 0o_, 0_, ._, .]", [["0x_", "0b_", "0o_", 0, "._", "."]]),
        ("[1:30, 1:30.5, =, ~, 'y', \"1\"]", [["1:30", "1:30.5", "=", None, "y", "1"]]),
        ('{"a": 1}', [{"a": 1}]),
        ('{\n\t"a": [1, "y"]\n}\n{"b": 1e3}\n', [{"a": [1, "y"]}, {"b": 1000.0}]),
        ("{a: y}\n--- {b: 1}\n", [{"a": True}, {"b": 1}]),
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
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "^c stands twice$"),
        ('{"a": 1,\n"b": ]}', "line 2: "),
        ("[" * 5000, "nested too deeply"),
        ("a: " + "1" * 5000, "Exceeds the limit"),
    ],
)
def test_cannot_be_read(text: str, complaint: str) -> None:
    with pytest.raises(InvalidYaml, match=complaint):
        read_documents(text)


@pytest.mark.parametrize(
    "text",
    [*"yN~", "", "on", "null", "12", "08", "0o17", "0x1f", "1e5", "2E-3", "1.0e20", ".inf", "1:30", "2026-11-22"],
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
