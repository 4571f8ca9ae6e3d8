"""Files that are named on the command line."""

import sys
from pathlib import Path
from typing import Final

STDIN: Final = "-"


class Unreadable(ValueError):
    """There is nothing to be read under a name that was given; the message says why."""


def read_text(name: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark; `-` is standard input.

    Raises:
        Unreadable: it cannot be opened, or is no UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8") from error
