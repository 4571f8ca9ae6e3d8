"""Every row of data, by its own example, and by what must not match."""

import pytest

from modelservice_operator.data import InvalidData, data_files, read_data
from modelservice_operator.diagnose.texts.recognise import GENERAL, ORDER, all_texts, guess, meaning_of
from modelservice_operator.diagnose.texts.row import Row, Texts

ROWS = [(texts.name, row) for texts in all_texts() for row in texts.texts]


def test_every_file_has_its_place_in_the_order() -> None:
    assert {name.removesuffix(".yaml") for name, _ in data_files("modelservice_operator.diagnose.texts")} == {
        texts.name for texts in all_texts()
    }
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{row.example[:60]}" for name, row in ROWS])
def test_a_row_knows_its_example_and_no_earlier_row_does(name: str, row: Row) -> None:
    meaning = meaning_of(row.example)
    assert meaning is not None
    assert meaning.reason is row.reason
    assert (meaning.says, meaning.remedy) == (row.says, row.remedy) or "{" in row.says + row.remedy
    assert "{" not in meaning.says + meaning.remedy
    assert not row.says.endswith(".")
    assert row.remedy.endswith(".") or ": kubectl " in row.remedy


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{row.example[:60]}" for name, row in ROWS])
def test_a_row_finds_its_text_among_other_lines(name: str, row: Row) -> None:
    before, after = "INFO 11-22 10:00:00 [api_server.py:100] Starting\n", "\nTraceback (most recent call last):\n"
    meaning = meaning_of(f"{before}{row.example}{'' if name == GENERAL else after}")
    assert meaning is not None
    assert meaning.reason is row.reason


MISTAKES = [
    ({"pattern": "("}, "is no regular expression"),
    ({"pattern": "other"}, "pattern does not match the example"),
    ({"reason": "Suspended"}, "names a state"),
    ({"says": ""}, "at least 1 character"),
    ({"typo": 1}, "Extra inputs"),
]


@pytest.mark.parametrize(("change", "said"), MISTAKES)
def test_a_wrong_row_is_refused(change: dict[str, object], said: str) -> None:
    row: dict[str, object] = {
        "reason": "DiskFull", "pattern": "full", "says": "s", "remedy": "r.", "source": "s", "example": "full", **change
    }  # fmt: skip
    with pytest.raises(InvalidData, match=said):
        read_data(Texts, "x.yaml", str({"name": "x", "texts": [row]}))


HARMLESS = [
    "INFO 11-22 10:00:00 [loader.py:458] Loading weights took 8.21 seconds",
    "INFO:     Application startup complete.",
    "srv  log_server_r: request: GET /health 127.0.0.1 200",
    "WARNING: Retrying (Retry(total=4)) after connection broken",
    '(APIServer pid=1) INFO:     10.1.1.1:3 - "POST /v1/chat/completions HTTP/1.1" 401 Unauthorized',
    '10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 404 Not Found',
    '{"timestamp":"2026-11-22T10:00:00Z","level":"INFO","message":"404 Not Found"}',
    "\x1b[32mINFO\x1b[0m:     10.1.1.1 - 403 Forbidden",
    "(EngineCore_DP0 pid=9) WARNING 11-22 10:00:00 [x.py:1] NCCL timeout set to 600",
    "(EngineCore_DP0 pid=9) INFO 11-22 10:00:00 [x.py:1] unsupported quantization is skipped",
    "",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_a_healthy_server_prints_means_nothing(line: str) -> None:
    assert meaning_of(line) is None


VAGUE = [
    ("step 1\n401 Client Error: Unauthorized\n", "ModelUnauthorized"),
    ("download.sh: HTTP 404 Not Found\n\n", "ModelNotFound"),
    ("x" * 5000 + "\nRuntimeError: HIP error: out of memory\n", "DeviceMemoryTooSmall"),
    ("401 Client Error: Unauthorized\nValueError: something else\n", None),
    ("WARN  Download failed: 404 Not Found\n", None),
    ("2026-11-22T10:00:00.123Z  WARN download: 404 Not Found\n", None),
    ("fatal: model type 'foo' is not supported\n", "ModelUnsupported"),
    ("429 Too Many Requests. Retrying in 5s\n", None),
]


@pytest.mark.parametrize(("output", "reason"), VAGUE, ids=[str(number) for number in range(len(VAGUE))])
def test_words_that_many_share_are_looked_for_in_the_last_line_alone(output: str, reason: str | None) -> None:
    meaning = guess(output)
    assert (meaning.reason if meaning is not None else None) == reason
