"""docs/rendering.md: every change of what is rendered, and which golden cases show it."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "rendering.md"
UNWRITTEN: Final = "To be written: what is rendered differently, why, and what it does to models that run."
ONLY_NEW: Final = "New cases. What was rendered before is as it was."
GONE: Final = "-" * 12
_BLOCK: Final = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^(?=## )", re.MULTILINE)


def rendered() -> dict[str, str]:
    """Golden case -> digest of the children that came of it."""
    return {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()[: len(GONE)]
        for path in sorted(Path(__file__).parent.glob("*/children.yaml"))
    }


def told(page: str) -> dict[str, str]:
    """The same, as the entries of the page have it: the last word on each case counts."""
    known: dict[str, str] = {}
    for block in _BLOCK.findall(page):
        known |= {case: digest for digest, case in map(str.split, block.splitlines())}
    return {case: digest for case, digest in known.items() if digest != GONE}


def untold(page: str, now: Mapping[str, str]) -> dict[str, str]:
    """What an entry is missing for: case -> digest, or `GONE`."""
    known = told(page)
    return {case: now.get(case, GONE) for case in sorted(known.keys() | now.keys()) if known.get(case) != now.get(case)}


def with_entry(page: str, now: Mapping[str, str], today: date) -> str:
    """The page with an entry for what is untold; one whose words are still to be written is written anew."""
    *entries, last = _HEADING.split(page)
    if UNWRITTEN not in last:
        entries, last = [*entries, last], ""
    page = "".join(entries).rstrip() + "\n"
    missing = untold(page, now)
    if not missing:
        return page
    words = UNWRITTEN if missing.keys() & told(page).keys() else ONLY_NEW
    lines = "".join(f"{digest} {case}\n" for case, digest in missing.items())
    return f"{page}\n## {today}\n\n{words}\n\n```\n{lines}```\n"
