"""A base image without a registry: an installed Python, the shared libraries it needs, and a shell for RUN."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

UNWANTED: Final = ("__pycache__", "test", "tests", "idlelib", "tkinter", "site-packages", "config-*", "_t*.so")
LIBRARIES: Final = ("libgcc_s.so.1", "libstdc++.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1")
"""What every manylinux wheel may expect of a system (PEP 600), beyond what Python itself needs."""
SHELL: Final = Path("/bin/sh")
"""Runs the RUN lines."""


def make_root(python: Path, root: Path) -> None:
    """Lay out under `root` what `python:3.13-slim` has that the Dockerfile asks for, from the Python at `python`.

    Its prefix becomes /usr/local.
    """
    prefix, version, pip = _ask(python)
    local = root / "usr" / "local"
    library = Path("lib") / f"python{version}"
    shutil.copytree(
        prefix / library, local / library, symlinks=True, ignore=shutil.ignore_patterns(*UNWANTED), dirs_exist_ok=True
    )
    shutil.copytree(pip, local / library / "site-packages" / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    _program(local / "bin" / "pip", "#!/usr/local/bin/python3\nfrom pip._internal.cli.main import main\nmain()\n")
    shutil.copy2(prefix / "bin" / f"python{version}", local / "bin" / f"python{version}")
    for name in ("python", "python3"):
        (local / "bin" / name).symlink_to(f"python{version}")
    for shared in (prefix / "lib").glob("libpython*.so*"):
        shutil.copy2(shared, local / "lib", follow_symlinks=False)
    _program(root / "bin" / "sh", SHELL.read_bytes())
    _copy_libraries([*(local / library / "lib-dynload").glob("*.so"), *(local / "bin").iterdir(), SHELL], root)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "etc").mkdir()
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc" / "ld.so.conf").write_text("/usr/local/lib\n")
    subprocess.run(["/sbin/ldconfig", "-r", root], check=True, capture_output=True)


def _ask(python: Path) -> tuple[Path, str, Path]:
    facts = "sys.base_prefix, sysconfig.get_python_version(), pip.__path__[0]"
    code = f"import sys, sysconfig, pip; print({facts}, sep='\\n')"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    prefix, version, pip = answer.stdout.splitlines()
    return Path(prefix), version, Path(pip)


def _copy_libraries(programs: Iterable[Path], root: Path) -> None:
    """Whatever the dynamic linker finds outside of Python's own prefix, at the same place."""
    linked = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    cached = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    wanted = set(re.findall(r"(?:=> |^\t)(/\S+) \(0x", linked, re.MULTILINE))
    wanted |= {re.findall(rf"^\t{re.escape(name)} .* => (\S+)$", cached, re.MULTILINE)[0] for name in LIBRARIES}
    for library in sorted(path for path in wanted if "/libpython" not in path):
        target = root / library.removeprefix("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, target)


def _program(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o755)
