import pytest

from modelservice_operator.diagnose.moments import between, moment
from modelservice_operator.diagnose.words import last_words, quotable

TEXTS = [
    ("  two\n lines\t", "two lines"),
    ("\x1b[1;31mERROR\x1b[0m: bad", "ERROR: bad"),
    ("a\x00b\u202ec\ud800d", "a b c d"),
    ("2026-11-22T10:00:00.123Z failed", "failed"),
    ("[2026-11-22 10:00:00,123] failed", "failed"),
    ("ERROR 11-22 10:00:00 [core.py:700] failed", "ERROR [core.py:700] failed"),
    ("(EngineCore pid=4711) failed at 0x7f00deadbeef", "(EngineCore ) failed at"),
    ("pod 2f55db6a-b13e-4a04-a55b-98c0aec0e289 failed", "pod failed"),
    ("image@sha256:" + "ab" * 32 + " is not there.", "image@sha256:" + "ab" * 32 + " is not there"),
    ("container " + "ab" * 32, "container"),
    ("exits with 137 in layer 3.", "exits with 137 in layer 3"),
    ("x" * 300, "x" * 199 + "…"),
    ("...", ""),
]


@pytest.mark.parametrize(("text", "quoted"), TEXTS)
def test_quotable(text: str, quoted: str) -> None:
    assert quotable(text) == quoted


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("Traceback\n  File x\nValueError: bad model\n\n", "ValueError: bad model"),
        ("one\r\ntwo\r\n \x00 \n", "two"),
        ("\n\n", ""),
        ("", ""),
    ],
)
def test_last_words(output: str, words: str) -> None:
    assert last_words(output) == words


def test_moments() -> None:
    assert moment("no time") is None
    assert moment("") is None
    assert moment("0001-01-01T00:00:00+14:00") is None
    assert moment("2026-11-22T10:00:00Z") == moment("2026-11-22T11:00:00+01:00") == moment("2026-11-22T10:00:00")
    half_a_minute = between("2026-11-22T10:00:00Z", "2026-11-22T10:00:30Z")
    assert half_a_minute is not None
    assert half_a_minute.total_seconds() == 30
    assert between("", "2026-11-22T10:00:30Z") is None
