"""What is kept of a figure, and printed."""

import json
import subprocess
from pathlib import Path

from perf.rows import Figure
from perf.table import Results, commit


def row(results: Results, what: str) -> str:
    return next(line for line in results.table().splitlines() if line.startswith(f"| {what} |"))


def test_a_figure_is_printed_with_its_time_and_commit(tmp_path: Path) -> None:
    file = tmp_path / "build" / "bench.json"
    Results(file).add(Figure("crd.size", 92.4, "as it is"))
    kept = json.loads(file.read_text())["crd.size"]
    assert kept["commit"] == commit(Path(__file__).parent)
    when = ", ".join(filter(None, (kept["at"], kept["commit"])))
    told = f"| CRD, YAML as shipped | ≤ 100 kB | 1,960 | 92.4 kB | yes | as it is | {when} |"
    assert row(Results(file), "CRD, YAML as shipped") == told


def test_figures_without_a_commit_are_readable(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    file.write_text(json.dumps({"failover.clean": {"value": 1.95, "note": "of 5", "at": "2026-11-28 19:56"}}))
    assert row(Results(file), "failover, clean stop").endswith("| 1.95 s | yes | of 5 | 2026-11-28 19:56 |")


def test_a_tree_with_changes_is_marked(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert commit(tmp_path) == ""
    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "a")
    git("tag", "-a", "v1", "-m", "v1")
    short = commit(tmp_path)
    assert git("rev-parse", "HEAD").startswith(short)
    assert len(short) >= 7
    (tmp_path / "a").write_text("2")
    assert commit(tmp_path) == f"{short}-dirty"
