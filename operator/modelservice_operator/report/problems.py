"""A problem as a person reads it in a terminal."""

import shutil
import textwrap
from typing import Final

from modelservice_operator.diagnose.reasons import Fixer, Reason

_COMMAND: Final = ": kubectl "
_FIXED_BY: Final = {
    Fixer.USER: "for the user to repair",
    Fixer.ADMIN: "for the cluster admin to repair",
    Fixer.WAIT: "passes by itself as a rule",
}


def problem_text(reason: str, message: str, remedy: str, width: int | None = None) -> str:
    """The reason, and below it the sentence and the next step, wrapped to `width` columns (the terminal's).

    A command stands on a line of its own, whole, so that it can be copied.
    """
    columns = width or shutil.get_terminal_size().columns
    step, colon, command = remedy.partition(_COMMAND)
    lines = [_headline(reason), *wrapped(message, columns, "  ", "  ")]
    lines += wrapped(f"{step}{':' if colon else ''}", columns, "  → ", "    ")
    return "\n".join([*lines, f"    {_COMMAND[2:]}{command}"] if colon else lines)


def wrapped(text: str, columns: int, first: str, other: str) -> list[str]:
    """The text in lines of so many columns at most, but for words that are longer; no word is broken."""
    return textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _headline(reason: str) -> str:
    try:
        fixer = Reason(reason).fixer
    except ValueError:
        # One of a newer operator.
        return reason
    return f"{reason} ({_FIXED_BY[fixer]})" if fixer in _FIXED_BY else reason
