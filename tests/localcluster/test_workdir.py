"""What a crash leaves is removed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

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
