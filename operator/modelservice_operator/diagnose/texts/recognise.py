"""What the last lines of a process mean, if anyone knows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from modelservice_operator.data import data_files, read_data
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.row import LINE, Row, Texts
from modelservice_operator.diagnose.words import quotable

GENERAL: Final = "general"
"""The file whose rows are asked of the last line alone, when no other row knows the text: a process that ends says why
at the end, and goes on after what else looks like it."""

ORDER: Final = (
    "vllm",
    "sglang",
    "tgi",
    "tei",
    "llamacpp",
    "triton",
    "ollama",
    "hub",
    "storage",
    "device",
    "system",
    GENERAL,
)
"""Names of the files, in the order in which they are asked: an engine says more than a library, and a library more
than the system. A consequence has its row after its cause."""

_LONGEST: Final = 1000
_PREFIX: Final = re.compile(
    r"\x1b\[[0-9;]*m|^\W*\w+ pid=\d+\)\s*|^\W*(?:(?:\d{4}-\d\d-\d\dT?|\d\d-\d\d|\d\d:\d\d:\d\d[\d.,]*Z?)\W*)+"
)
"""Colours, the process that speaks (vLLM), and times."""
_REMARK: Final = re.compile(
    r"""^\W*(?:I|W|INFO|WARN|WARNING|DEBUG)\b|"level"\s*:\s*"(?:info|warn|warning|debug)"|[Rr]etry"""
    r"""|thrown while requesting|"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S+ HTTP/""",
    re.IGNORECASE,
)
"""A line of a server that goes on, such as one of its access log."""

_REMEMBERED: Final = 1024
"""Texts whose meaning is kept: pods that crash say the same again and again."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means, in our words."""

    reason: Reason
    says: str
    """The end of "1 of 1 pod crashed: …"."""
    remedy: str


@lru_cache(maxsize=_REMEMBERED)
def recognise(output: str) -> Meaning | None:
    """What the last lines that a process printed mean; None when no row knows them. For texts that come again."""
    return _meaning(output, _rows())


@lru_cache(maxsize=_REMEMBERED)
def guess(output: str) -> Meaning | None:
    """What the last line speaks of, by words that many share; for texts that no row knows."""
    return _meaning(_last_line(output), _rows(general=True))


def meaning_of(output: str) -> Meaning | None:
    """The one or else the other, of a long text that is looked at once: nothing is kept."""
    return _meaning(output, _rows()) or _meaning(_last_line(output), _rows(general=True))


def _meaning(text: str, rows: Iterable[tuple[re.Pattern[str], Row]]) -> Meaning | None:
    for pattern, row in rows:
        if match := pattern.search(text):
            groups = {name: quotable(value or "") for name, value in {LINE: text, **match.groupdict()}.items()}
            return Meaning(row.reason, row.says.format_map(groups), row.remedy.format_map(groups))
    return None


def _last_line(output: str) -> str:
    """The last line that says something; empty where that is no more than a remark."""
    line = next((line for line in reversed(output.splitlines()) if line.strip()), "")[:_LONGEST]
    line = _PREFIX.sub("", _PREFIX.sub("", line))
    return "" if _REMARK.search(line) else line


@cache
def all_texts() -> tuple[Texts, ...]:
    """Every file, in `ORDER`.

    Raises:
        InvalidData: a file is wrong.
    """
    found = dict(data_files("modelservice_operator.diagnose.texts"))
    return tuple(read_data(Texts, f"{name}.yaml", found[f"{name}.yaml"]) for name in ORDER if f"{name}.yaml" in found)


@cache
def _rows(*, general: bool = False) -> tuple[tuple[re.Pattern[str], Row], ...]:
    """Those of the general file, or of all others. Compiled at the first crash: most operators never see most kinds."""
    asked = (texts for texts in all_texts() if (texts.name == GENERAL) is general)
    return tuple((re.compile(row.pattern), row) for texts in asked for row in texts.texts)
