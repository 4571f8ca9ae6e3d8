"""Files that are named on the command line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

STDIN: Final = "-"
_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml"})


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


def files_in(name: str) -> Iterator[str]:
    """The files that a name stands for: itself or, of a directory, those with manifests at any depth.

    Raises:
        Unreadable: there are none in the directory.
    """
    if name == STDIN or not Path(name).is_dir():
        yield name
        return
    found = sorted(path for path in Path(name).rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    if not found:
        raise Unreadable(f"there is no file in it that ends with {', '.join(sorted(_SUFFIXES))}")
    yield from map(str, found)
