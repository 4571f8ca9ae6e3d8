"""What a command prints on: colour on a terminal only."""

import os
import sys
from collections.abc import Callable
from typing import Literal

import click

Colour = Literal["green", "yellow", "red"]
Paint = Callable[[str, Colour], str]


def plain(text: str, _: Colour) -> str:
    """No colour."""
    return text


def coloured(text: str, colour: Colour) -> str:
    """With colour, as terminals understand it."""
    return click.style(text, fg=colour, bold=True)


def paint() -> Paint:
    """How to colour what goes to standard output; not at all with NO_COLOR, or where that is no terminal."""
    return coloured if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else plain
