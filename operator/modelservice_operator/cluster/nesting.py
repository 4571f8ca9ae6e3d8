"""JSON of any depth. The API server takes objects ten times deeper than Python's decoder goes."""

import json
import re
from typing import Final

DEEPEST: Final = 100
"""Levels that are kept of an object that is too deep: more than any that can be followed has."""

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def loads(text: str | bytes) -> object:
    """The value that a text of JSON stands for; what is deeper than can be read is null.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        return json.loads(_cut(text if isinstance(text, str) else text.decode()))


def _cut(text: str) -> str:
    """The text with null for every map or list that lies in as many others."""
    kept, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("{", "["):
            depth += 1
            if depth == DEEPEST + 1:
                kept += [text[start : token.start()], "null"]
        elif token[0] in ("}", "]"):
            if depth == DEEPEST + 1:
                start = token.end()
            depth -= 1
    return "".join([*kept, text[start:]])
