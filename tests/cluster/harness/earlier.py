"""An earlier state of this repository, out of its history: its chart, its examples, and its operator."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from cluster.harness.operator import CHART, ROOT

PARTS: Final = ("operator", "charts", "examples")


def is_in_history(commit: str) -> bool:
    """The repository has it: it is no archive of the files alone, and no shallow clone."""
    return shutil.which("git") is not None and _git("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0


class Earlier:
    """The files of a commit, in a directory. Its operator runs with the packages of today."""

    def __init__(self, commit: str, directory: Path) -> None:
        archive = _git("archive", commit, *PARTS)
        assert archive.returncode == 0, archive.stderr.decode()
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(directory, filter="data")
        self.chart = directory / CHART.relative_to(ROOT)
        self.python_path = directory / "operator"
        self.examples = sorted((directory / "examples").glob("*.yaml"))


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=False)
