"""The archive: launchers, and beside them the command with its pinned dependencies."""

import gzip
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
"""Of the repository."""
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of Python for which libraries are taken: that of this process."""
PROGRAMS: Final = {"kubectl-modelservice": "main", "kubectl_complete-modelservice": "complete_for_kubectl"}
"""Programs, and the functions of the command that they run."""

_SYSTEMS: Final = {"linux": "linux", "darwin": "darwin"}
_ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_EXECUTABLE: Final = 0o755
_READABLE: Final = 0o644


class UnknownPlatform(Exception):
    """There are no names in Krew for the platform that this runs on, or the launcher does not run there."""


def this_platform() -> tuple[str, str]:
    """Operating system and architecture, as Go calls them.

    Raises:
        UnknownPlatform: no archive can be built here.
    """
    try:
        return _SYSTEMS[sys.platform], _ARCHITECTURES[platform.machine().lower()]
    except KeyError as error:
        raise UnknownPlatform(f"An archive is built on Linux and macOS, amd64 and arm64, not on {error}.") from error


def build(path: Path) -> None:
    """Write the archive for this platform; the same sources and wheels give the same bytes.

    Raises:
        CalledProcessError: pip could not install the dependencies.
    """
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        _install(tree / "lib")
        for name, function in PROGRAMS.items():
            (tree / name).write_text(_launcher(function), "utf-8")
            (tree / name).chmod(_EXECUTABLE)
        shutil.copy(ROOT / "LICENSE", tree)
        _pack(tree, path)


def sha256(path: Path) -> str:
    """Of a file, as Krew writes it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _install(library: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    into = ["--no-deps", "--target", str(library)]
    pinned = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements" / "runtime.txt")]
    subprocess.run([*pip, *into, *pinned], check=True)  # noqa: S603
    subprocess.run([*pip, *into, "--no-build-isolation", str(ROOT)], check=True)  # noqa: S603
    # What runs these libraries on their own, and says where they were installed from.
    shutil.rmtree(library / "bin", ignore_errors=True)
    for record in library.glob("modelservice_operator-*.dist-info/direct_url.json"):
        record.unlink()


def _launcher(function: str) -> str:
    text = Path(__file__).with_name("launcher.sh").read_text("utf-8")
    return text.replace("@PYTHON@", PYTHON).replace("@FUNCTION@", function)


def _pack(tree: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(found for found in tree.rglob("*") if found.is_file())
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for found in files:
            archive.add(found, str(found.relative_to(tree)), filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The entry without who made it and when."""
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
    entry.mode = _EXECUTABLE if entry.mode & 0o100 else _READABLE
    return entry
