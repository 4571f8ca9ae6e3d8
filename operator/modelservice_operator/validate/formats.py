"""Formats of texts that the schema can ask for."""

import re
from typing import Final

_DATE: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](.[0-9]+)?([zZ]|[+-][0-9]{2}:[0-9]{2})"
_HEX: Final = "[0-9a-fA-F]"

PATTERNS: Final = {
    "date": re.compile(_DATE),
    "date-time": re.compile(f"{_DATE}[tT]{_TIME}"),
    "uuid": re.compile(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
}
"""What the whole text must match, by the name of the format."""


def has_format(text: str, name: str) -> bool:
    """Whether the text has the format, which must be one of `PATTERNS`."""
    return PATTERNS[name].fullmatch(text) is not None
