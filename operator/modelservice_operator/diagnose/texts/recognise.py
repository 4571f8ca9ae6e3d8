"""What the last lines of a process mean, if anyone knows."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from modelservice_operator.data import data_files, read_data
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.row import Row, Texts
from modelservice_operator.diagnose.words import quotable

ORDER: Final = ("vllm", "sglang", "tgi", "tei", "llamacpp", "triton", "ollama", "hub", "storage", "device", "system")
"""Names of the files, in the order in which they are asked: an engine says more than a library, and a library more
than the system. A consequence has its row after its cause."""

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
    return meaning_of(output)


def meaning_of(output: str) -> Meaning | None:
    """The same for a long text that is looked at once: it is not kept."""
    for pattern, row in _rows():
        if match := pattern.search(output):
            groups = {name: quotable(value or "") for name, value in match.groupdict().items()}
            return Meaning(row.reason, row.says.format_map(groups), row.remedy.format_map(groups))
    return None


@cache
def all_texts() -> tuple[Texts, ...]:
    """Every file, in `ORDER`.

    Raises:
        InvalidData: a file is wrong.
    """
    found = dict(data_files("modelservice_operator.diagnose.texts"))
    return tuple(read_data(Texts, f"{name}.yaml", found[f"{name}.yaml"]) for name in ORDER if f"{name}.yaml" in found)


@cache
def _rows() -> tuple[tuple[re.Pattern[str], Row], ...]:
    """Compiled at the first crash: most operators never see one of most kinds."""
    return tuple((re.compile(row.pattern), row) for texts in all_texts() for row in texts.texts)
