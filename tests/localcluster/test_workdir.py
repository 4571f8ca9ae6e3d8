"""What a crash leaves is removed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from localcluster import workdir as workdirs
from localcluster.polling import attempts
from localcluster.process import alive
from localcluster.workdir import WorkDir, sweep

TESTS = Path(__file__).parents[1]

MAKER = """
import sys, time
from localcluster.process import Process
from localcluster.process import alive
from localcluster.workdir import WorkDir
workdir = WorkDir()
Process("sleeper", [sys.executable, "-c", "import time; time.sleep(600)", workdir.path], workdir).start()
print(workdir.path, workdir._guard.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def sleeper_of(directory: Path) -> int:
    return int((directory / "pids" / "sleeper").read_text())


def ends(pid: int) -> bool:
    return any(not alive(pid) for _ in attempts(10))


def test_what_is_in_use_is_not_swept() -> None:
    workdir = WorkDir()
    sweep()
    assert workdir.path.exists()
    workdir.remove()
    assert not workdir.path.exists()
    workdir.remove()


def test_the_next_one_sweeps_what_maker_and_guard_left() -> None:
    command = [sys.executable, "-c", MAKER]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as maker:
        assert maker.stdout
        path, guard = maker.stdout.readline().split()
        sleeper = sleeper_of(Path(path))
        os.kill(int(guard), signal.SIGKILL)
        maker.kill()
    assert ends(int(guard))
    assert Path(path).exists()
    assert alive(sleeper)
    next_one = WorkDir()
    assert not Path(path).exists()
    assert ends(sleeper)
    next_one.remove()


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in the place of the control groups. A group with a file in it stands for one with a process."""
    monkeypatch.setattr(workdirs, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(workdirs, "CGROUP_SECONDS", 0.2)
    return tmp_path / "cgroup"


def test_control_groups_go_with_the_directory(groups: Path) -> None:
    workdir = WorkDir()
    group = groups / "cpu" / workdir.host_name
    (group / "kubepods" / "burstable").mkdir(parents=True)
    (groups / "cpu" / "another").mkdir()
    workdir.remove()
    assert not group.exists()
    assert (groups / "cpu" / "another").exists()


def test_a_directory_stays_for_the_next_sweep_while_its_groups_do(groups: Path, temporary: Path) -> None:
    stale = temporary / "modelservice-cluster-stale"
    stale.mkdir()
    (stale / "lock").touch()
    busy = groups / "cpu" / stale.name / "tasks"
    busy.parent.mkdir(parents=True)
    busy.touch()
    sweep()
    assert stale.exists()
    busy.unlink()
    sweep()
    assert not stale.exists()
    assert not busy.parent.exists()


def test_groups_whose_directory_is_gone_are_swept_unless_they_have_a_link(
    groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dead", "live"):
        (groups / "cpu" / f"modelservice-cluster-{name}").mkdir(parents=True)
    monkeypatch.setattr(workdirs, "_linked", lambda path: path.name.endswith("live"))
    sweep()
    assert [group.name for group in (groups / "cpu").iterdir()] == ["modelservice-cluster-live"]


def test_a_number_that_went_to_another_process_is_left_alone(temporary: Path) -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as other:
        stale = temporary / "modelservice-cluster-stale"
        (stale / "pids").mkdir(parents=True)
        (stale / "lock").touch()
        (stale / "pids" / "etcd").write_text(str(other.pid))
        sweep()
        assert not stale.exists()
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.5)
        other.kill()
