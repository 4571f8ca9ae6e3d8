"""The results: kept as JSON, printed as the table of the budgets."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perf.rows import ROWS, Figure, Row


class Results:
    """Figures by row, in a file: a run replaces those that it measures, so single rows can be measured again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._found: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}

    def add(self, figure: Figure) -> None:
        """Keep a figure, with the time, the commit, the load and the machine."""
        self._found[figure.row] = {
            "value": figure.value,
            "note": figure.note,
            "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
            "commit": commit(Path(__file__).parent),
            "load": round(os.getloadavg()[0], 1),
            "machine": f"{os.cpu_count()} CPUs, Python {platform.python_version()}",
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._found, indent=1) + "\n")

    def table(self) -> str:
        """All rows, in Markdown."""
        head = "| what | budget | KServe 0.20 | measured | met | | when, commit |\n|---|---|---|---|---|---|---|\n"
        return head + "".join(f"| {' | '.join(self._cells(row))} |\n" for row in ROWS)

    def _cells(self, row: Row) -> list[str]:
        budget = f"≤ {_number(row.limit, row.unit)}" if row.limit is not None else ""
        found = self._found.get(row.key)
        if found is None:
            return [row.what, budget, row.kserve, "not measured", "", "", ""]
        met = {True: "yes", False: "**no**", None: ""}[row.met(found["value"])]
        # Files of before commits were kept have none.
        when = ", ".join(filter(None, (found["at"], found.get("commit"))))
        return [row.what, budget, row.kserve, _number(found["value"], row.unit), met, found["note"], when]


def commit(directory: Path) -> str:
    """The commit that is checked out, shortened, and `-dirty` if tracked files differ from it; empty without Git."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        found = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def line(figure: Figure) -> str:
    """One figure for people who watch."""
    row = next(row for row in ROWS if row.key == figure.row)
    met = {True: "", False: f"  (budget {_number(row.limit, row.unit)})", None: ""}[row.met(figure.value)]
    return f"{row.what}: {_number(figure.value, row.unit)}{met}  {figure.note}".rstrip()


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{text} {unit}".strip()
