"""What a real node leaves on the machine: nothing, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cluster.harness.wait import eventually
from localcluster import LocalCluster, ProcessError
from localcluster.process import alive
from localcluster.realnode import RealNodeSpec
from localcluster.workdir import CGROUPS, link_name, sweep

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("needs_node")]

TESTS = Path(__file__).parents[1]
SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def machine() -> dict[str, str]:
    """What a node has no business to change."""
    rules = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    resolver = Path("/etc/resolv.conf").read_text()
    return {name: Path("/proc/sys", name).read_text() for name in SETTINGS} | {"rules": rules, "resolver": resolver}


def left_of(directory: Path) -> list[str]:
    """What there still is of the cluster in `directory`: files, its link, its control groups, mounts and processes."""
    paths = [directory, Path("/sys/class/net", link_name(directory)), *CGROUPS.glob(directory.name)]
    left = [str(path) for path in [*paths, *CGROUPS.glob(f"*/{directory.name}")] if path.exists()]
    left += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(directory) in line]
    return left + [str(path) for path in Path("/proc").glob("[0-9]*/cmdline") if str(directory) in command(path)]


def command(path: Path) -> str:
    """The command line of a process, "" if it has ended."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


class Up:
    """`localcluster up` with a real node, as a person starts it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "localcluster", "up", "--node", "real"],
            env=os.environ | {"PYTHONPATH": str(TESTS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        line = next(line for line in self.process.stdout if line.startswith("export KUBECONFIG="))
        self.directory = Path(line.partition("=")[2].strip()).parent
        self.running = [int(file.read_text()) for file in (self.directory / "pids").iterdir()]

    def guard(self) -> int:
        """The process that waits for its end: the child that has the directory for an argument and is not recorded."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = [pid for pid in map(int, children) if "workdir.py" in command(Path(f"/proc/{pid}/cmdline"))]
        return found[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_node_leaves_the_machine_as_it_was(number: signal.Signals, code: int) -> None:
    before = machine()
    up = Up()
    assert len(left_of(up.directory)) > len(up.running)
    assert machine() == before
    up.process.send_signal(number)
    assert up.process.wait(60) == code
    eventually(lambda: not left_of(up.directory), why="nothing is left", timeout=60)
    assert [pid for pid in up.running if alive(pid)] == []
    assert machine() == before


def test_what_maker_and_guard_leave_is_swept_by_the_next_one() -> None:
    up = Up()
    os.kill(up.guard(), signal.SIGKILL)
    up.process.kill()
    up.process.wait()
    assert left_of(up.directory)

    def swept() -> bool:
        sweep()  # does nothing while the guard is still dying, or another one sweeps
        return not left_of(up.directory)

    eventually(swept, why="nothing is left", timeout=60)


def test_a_failed_boot_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cluster = LocalCluster(apiserver_flags=["--nonsense"], real_node=RealNodeSpec())
    with pytest.raises(ProcessError, match="unknown flag: --nonsense"):
        cluster.start()
    assert left_of(cluster.directory) == []
