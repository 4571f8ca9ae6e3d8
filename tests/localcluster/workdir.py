"""The directory of one cluster: its data, logs and pid files, and the guard that removes it all when we are gone.

Whoever holds the lock on the file `lock` lives: the process that made the directory, and the guard, which inherits the
lock. The guard waits for the end of a pipe that only the maker holds open, so it notices every kind of end, SIGKILL
included. Where both were killed, the next cluster that starts finds the directory unlocked and sweeps it.
This file runs as a script of its own too (the guard), so it imports nothing but the standard library.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "modelservice-cluster-"
CGROUPS = Path("/sys/fs/cgroup")
CGROUP_SECONDS = 20.0


class WorkDir:
    """A temporary directory that ends with this process, and takes with it every process with a file in `pids`."""

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        self.logs = self.path / "logs"
        self.pids = self.path / "pids"
        self.logs.mkdir()
        self.pids.mkdir()
        unlocked = self.path / "unlocked"
        self._lock = os.open(unlocked, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unlocked.rename(self.path / "lock")
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, self.path],
            stdin=subprocess.PIPE,
            pass_fds=[self._lock],
            start_new_session=True,
        )

    @property
    def host_name(self) -> str:
        """What things of the machine that are made for this cluster are called, so that its end removes them too."""
        return self.path.name

    @property
    def link_name(self) -> str:
        """The same for a network link, whose name may have 15 characters."""
        return link_name(self.path)

    def remove(self) -> None:
        """Kill what is still recorded, remove the directory, end the guard. A second call does nothing."""
        if self._guard.returncode is not None:
            return
        clear(self.path, every=True)
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()
        os.close(self._lock)


def clear(path: Path, *, every: bool) -> None:
    """Kill the process groups recorded in `path`, remove what bears its name on the machine, and then `path` itself.

    With `every` the records are trusted. Without, they may be old and a number may have gone to another process: then
    only what has the directory in its command line is killed.
    """
    for file in path.glob("pids/*"):
        pid = int(file.read_text() or 0)
        if pid and (every or str(path) in _command_line(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    if not _release(path, CGROUP_SECONDS):
        return  # the next sweep tries again
    for _ in range(3):  # a process that dies may still write a file meanwhile
        shutil.rmtree(path, ignore_errors=True)


def link_name(path: Path) -> str:
    """The network link of the cluster in `path`."""
    return f"ms-{path.name.removeprefix(PREFIX)}"


def _release(path: Path, seconds: float) -> bool:
    """Remove the network link and the control groups of the cluster in `path`; whether they are gone.

    Groups can be removed when the last process in them has ended, a moment after it was killed: try for so long.
    """
    if _linked(path):
        # Who made the link looks in those directories too, which not everybody's PATH has.
        where = {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"}
        delete = ["ip", "link", "delete", link_name(path)]
        subprocess.run(delete, stdin=subprocess.DEVNULL, capture_output=True, env=where, check=False)
    deadline = time.monotonic() + seconds
    while groups := [*CGROUPS.glob(path.name), *CGROUPS.glob(f"*/{path.name}")]:
        for group in groups:
            for below, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    Path(below).rmdir()
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _linked(path: Path) -> bool:
    return Path("/sys/class/net", link_name(path)).exists()


def sweep() -> None:
    """Clear the directories whose maker and guard are both gone, and control groups whose directory is gone too.

    A group whose network link is there belongs to a cluster that lives, in another temporary directory.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    for name in {group.name for group in [*CGROUPS.glob(f"{PREFIX}*"), *CGROUPS.glob(f"*/{PREFIX}*")]}:
        if not (temporary / name).exists() and not _linked(temporary / name):
            _release(temporary / name, seconds=0)
    for path in temporary.glob(f"{PREFIX}*"):
        try:
            with (path / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clear(path, every=False)
        except OSError:
            continue  # locked: in use; no lock: just being made; not permitted: another user's


def _command_line(pid: int) -> str:
    listed = Path(f"/proc/{pid}/cmdline")
    if listed.parent.parent.joinpath("self").exists():
        return listed.read_text(errors="replace") if listed.exists() else ""
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout


def _guard(path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # meant for the maker, whose end is what counts
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    clear(path, every=True)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
