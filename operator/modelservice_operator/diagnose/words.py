"""Texts of others, made fit to be quoted in a message that stands still."""

import re
from typing import Final

from modelservice_operator.diagnose.masking import masked

MAX_LENGTH: Final = 200
_LINE: Final = 500

_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
"""Colours and cursor movements of terminals (ECMA-48 control sequences)."""

_VOLATILE: Final = re.compile(
    r"""
    \[?\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?:?\ *   # 2026-11-22T10:00:00.123Z
  | \b\d\d-\d\d\ \d\d:\d\d:\d\d(?:[.,]\d+)?\ *                                       # vLLM: INFO 11-22 10:00:00
  | \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b                 # a uid
  | (?<!sha256:)\b[0-9a-f]{64}\b                                                     # a container id, not a digest
  | \b0x[0-9a-f]{6,16}\b                                                             # an address
  | :\d{4,5}(?=->)                                                                   # the near port of a connection
  | \bpid[=:]?\ ?\d+\b
  | \ *\((?:pod:\ "[^"]*",\ )?container:\ [^()]*\)                                   # (pod: "...", container: c)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def quotable(text: str, limit: int = MAX_LENGTH) -> str:
    """The text on one line, cut, without control characters, secrets and what differs from one try to the next.

    Returns:
        at most `limit` characters; no full stop, blank or colon at the end.
    """
    text = _ESCAPES.sub("", text)
    text = masked("".join(character if character.isprintable() else " " for character in text))
    text = " ".join(_VOLATILE.sub("", text).split()).rstrip(" .:;,")
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def last_words(output: str) -> str:
    """The last line of a process's output that says something, fit to be quoted; empty if there is none."""
    return next(filter(None, map(quotable, reversed(masked(output).splitlines()))), "")


def last_lines(output: str, count: int = 10) -> tuple[str, ...]:
    """The last lines of a process's output that say something, each fit to be shown; oldest first."""
    lines = filter(None, (quotable(line, _LINE) for line in masked(output).splitlines()))
    return tuple(lines)[-count:]
