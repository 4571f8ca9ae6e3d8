"""The install steps of the Dockerfile, without a builder: read from the file itself, run in a directory."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PLACES: Final = re.compile(r"(?<![\w./])/(opt|src|wheels|operator)\b")
"""The absolute paths of the Dockerfile, which become ones below the directory."""


class Instruction(NamedTuple):
    """A line of a Dockerfile, continued ones joined."""

    keyword: str
    text: str


def instructions(dockerfile: str) -> Iterator[Instruction]:
    """All of them in order, without comments."""
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, text = line.split(maxsplit=1)
            yield Instruction(keyword, text)


def install(checkout: Path, directory: Path, python: Path) -> Path:
    """Do what WORKDIR, COPY and RUN say, all stages in one directory; where the programs are then.

    A fresh virtual environment of `python` stands for the base image.
    """
    base = directory / "base"
    subprocess.run([python, "-m", "venv", base], check=True, capture_output=True)
    environment = os.environ | {"PATH": f"{base / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    here = directory
    for keyword, text in instructions((checkout / "Dockerfile").read_text("utf-8")):
        moved = PLACES.sub(rf"{directory}/\1", text)
        if keyword == "WORKDIR":
            here = Path(moved)
            here.mkdir(parents=True)
        elif keyword == "COPY":
            _copy(checkout, here, moved)
        elif keyword == "RUN":
            done = subprocess.run(["/bin/sh", "-c", moved], cwd=here, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{moved}\n{done.stdout}{done.stderr}"
    return directory / "opt" / "modelservice" / "bin"


def _copy(checkout: Path, here: Path, text: str) -> None:
    words = text.split()
    within = here if words[0].startswith("--from=") else checkout
    *sources, target = (word for word in words if not word.startswith("--"))
    for source in sources:
        path, goal = within / source, here / target
        if path.is_file():
            goal.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, goal)
        elif path != goal:
            shutil.copytree(path, goal, dirs_exist_ok=True)
