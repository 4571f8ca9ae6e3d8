import pytest
import yaml

from modelservice_operator.documents import InvalidYaml, parts, read_documents, read_part, write_documents


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
        ("\ufeff{a: y}\n---  # next\r\n\ufeffb: 1\r\n", [{"a": True}, {"b": 1}]),
        ('{"a": 1}\n---\nb: y\n', [{"a": 1}, {"b": True}]),
        ("a: |\n  x\n  ---\n  y\n", [{"a": "x\n---\ny\n"}]),
        ("a: 1e400\nb: -1e400\nc: .inf\n", [{"a": "1e400", "b": "-1e400", "c": float("inf")}]),
        (f"[{'1' * 309}, {'1' * 310}, -{'1' * 5000}]", [[int("1" * 309), "1" * 310, "-" + "1" * 5000]]),
        ("[!!set {a, b}, !!omap [a: 1], !!timestamp 2026-11-22]", [[{"a": None, "b": None}, [{"a": 1}], "2026-11-22"]]),
        ('{"a": NaN}', [{"a": "NaN"}]),
        ('"\\U0001F600 \\x00 \\u263a"', ["\U0001f600 \0 \u263a"]),
    ],
)
def test_read(text: str, documents: list[object]) -> None:
    assert read_documents(text) == documents


def many_times(first: str, next_one: str) -> str:
    """Nine of what has nine of what has nine, and so on."""
    anchors = [f"a{number}: &a{number} {next_one % ', '.join([f'*a{number - 1}'] * 9)}" for number in range(1, 9)]
    return "\n".join([f"a0: {first}", *anchors])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\nb: [\n", "line 3: "),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "line 4: c stands twice"),
        ("a: !!python/object:os.system x\n", "line 1: could not determine a constructor"),
        ("? [a]\n: 1\n", "line 1: found unhashable key"),
        ("a: 1\n---\nb: \x01\n", r"^line 3: the character U\+0001 may not stand in YAML as it is$"),
        ("a: 1\n--- {b: 1}\n", "^line 2: nothing may follow the three dashes on their line$"),
        ("a: '\n---x'\n", "^line 2: nothing may follow"),
        ("a: 1\n---\n\nb: [\n---\nc: 1\n", "^line 5: "),
        ("a: &x 1\n---\nb: *x\n", "^line 3: found undefined alias"),
        ("a: &x [*x]\n", "^its aliases stand for more than 1000000 values$"),
        ("a: &x {b: *x}\n", "^its aliases stand for more than"),
        (many_times("&a0 [x]", "[%s]"), "^its aliases"),
        (many_times("&a0 {x: 1}", "{<<: [%s]}"), "^its aliases"),
        ("a: !!int x\n", "^line 1: x is no int$"),
        ("a: !!int ''\n", "^line 1: '?'? ?is no int$"),
        ("a: !!bool x\n", "^line 1: x is no bool$"),
        ("a: !!float x\n", "^line 1: x is no float$"),
        ('a: "\\uD83D\\uDE00"\n', "^line 1: half a character: write one beyond"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "^c stands twice$"),
        ('{"a": 1,\n"b": ]}', "line 2: "),
        ("[" * 5000, "nested too deeply"),
    ],
)  # fmt: skip
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


def test_a_broken_document_hides_no_other() -> None:
    good, broken, last = parts("a: 1\n---\nb: [\n---\nc: 2\n")
    assert read_part(good) == [{"a": 1}]
    with pytest.raises(InvalidYaml, match=r"^line 4: "):
        read_part(broken)
    assert read_part(last) == [{"c": 2}]
