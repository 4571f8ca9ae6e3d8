"""The first process of the node's namespaces: it makes a root that is the machine's but for what a node writes, and
then waits for orphans until it is told to end, which ends everything in there.

This file runs as a script of its own, so it imports nothing but the standard library.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

PRIVATE = ("/var", "/etc", "/opt", "/usr/libexec")
"""Written by the programs of a node: changes go to memory and end with it."""

BOUND = {"kubelet": "/var/lib/kubelet", "containerd": "/var/lib/containerd", "pod-logs": "/var/log/pods"}
"""Directory of ours -> where the programs look for it: what may grow large lies on the disk."""

SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""Settings of the whole machine that a kubelet writes where they are not what it wants: it gets files that are."""

SIGNALS = {signal.SIGCHLD, signal.SIGTERM}
"""What is waited for. Blocked from the beginning: a first process is not told of what it neither handles nor blocks."""

NUMA = Path("/sys/devices/system/node")
MEMORY = Path("/proc/meminfo")
"""Where the kubelet looks for what the machine has."""

NAMESERVER = "nameserver 127.0.0.1\n"
"""Nobody listens there, so a name fails at once."""


def main(directory: Path, name: str, cpus: int, gibibytes: int) -> None:
    """Prepare, say so with the file `prepared`, and wait. The kubelet will find so many CPUs and so much memory."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    subprocess.run(["hostname", name], check=True)
    _mount("--make-rprivate", "/")
    _mount("--make-rshared", "/")  # as the kubelet wants it for volumes; nothing outside is its peer any more
    _mount("-t", "tmpfs", "tmpfs", "/run")
    kept = _directory("/run/node")
    _mount("--bind", directory, kept)
    for path in filter(os.path.isdir, PRIVATE):
        upper, work = (_directory(f"/run/private{path}/{part}") for part in ("upper", "work"))
        _mount("-t", "overlay", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", path)
    directory.mkdir(parents=True, exist_ok=True)
    _mount("--bind", kept, directory)  # it may lie below a path that has just been covered
    for own, path in BOUND.items():
        (directory / own).mkdir()
        _mount("--bind", directory / own, _directory(path))
        _mount("--make-rshared", path)
    for setting, value in SETTINGS.items():
        _cover(Path("/proc/sys") / setting, f"{value}\n")
    _cover(Path("/etc/resolv.conf"), NAMESERVER)
    _claim(cpus, gibibytes)
    (directory / "prepared").touch()
    _wait()


def _wait() -> None:
    while signal.sigwait(SIGNALS) != signal.SIGTERM:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _claim(cpus: int, gibibytes: int) -> None:
    """Containers see files of their own there, so nobody but the kubelet reads these.

    It counts the directories, and takes the number of a CPU, which must exist, from the digits after `cpu`.
    """
    total = f"MemTotal: {gibibytes << 20} kB\n"
    _cover(MEMORY, total + "".join(MEMORY.read_text().splitlines(keepends=True)[1:]))
    only = Path("/run/decoys/numa/node0")
    (only / "hugepages").mkdir(parents=True)
    (only / "meminfo").write_text(f"Node 0 {total}")
    (only / "distance").write_text("10\n")
    ours = sorted(os.sched_getaffinity(0))
    for core in range(max(cpus, len(ours))):
        topology = _directory(f"{only}/cpu{ours[core % len(ours)]}-{core}/topology")
        (topology / "core_id").write_text(f"{core}\n")
        (topology / "physical_package_id").write_text("0\n")
    if NUMA.exists():
        _mount("--bind", only.parent, NUMA)


def _cover(path: Path, text: str) -> None:
    decoy = Path("/run/decoys") / path.relative_to("/")
    decoy.parent.mkdir(parents=True, exist_ok=True)
    decoy.write_text(text)
    if path.exists():
        _mount("--bind", decoy, path.resolve())


def _directory(path: str) -> Path:
    made = Path(path)
    made.mkdir(parents=True, exist_ok=True)
    return made


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
