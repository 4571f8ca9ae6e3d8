"""A child process: in a process group of its own, with its output in a file, known to the guard of its directory."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from localcluster.polling import attempts
from localcluster.workdir import WorkDir


class ProcessError(Exception):
    """A process ended, or did not get ready in time; the text has the end of its log."""


def alive(pid: int) -> bool:
    """A process of that number exists and has not ended; one that nobody has waited for yet has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # where there is no such file, in macOS, launchd waits for orphans at once
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] in "ZX")


class Process:
    """One program, which can be started, stopped, killed, paused, and started again.

    `ready` is asked until it answers True; a start without it is done when the process exists. The log is appended to
    over restarts.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        workdir: WorkDir,
        *,
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> None:
        self.name = name
        self.argv = [str(argument) for argument in argv]
        self.log = workdir.logs / f"{name}.log"
        self._pid_file = workdir.pids / name
        self._env = dict(env) if env is not None else None
        self._ready = ready
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._child.pid if self._child and self.exit_code is None else None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run, negative for a signal; None while it runs and before the first start."""
        code = self._child.poll() if self._child else None
        if code is not None:  # the number may now go to another process
            self._pid_file.unlink(missing_ok=True)
        return code

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it is ready. Raises `ProcessError` when it ends or is not ready after `seconds`."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._child.pid))
        if self._ready:
            self.wait_until(self._ready, seconds)

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Ask until the answer is True. Raises `ProcessError` when the process ends, or after `seconds`."""
        for _ in attempts(seconds):
            if self.exit_code is not None:
                raise ProcessError(f"{self.name} ended with {self.exit_code}:\n{self.tail()}")
            if ready():
                return
        raise ProcessError(f"{self.name} was not ready after {seconds:g} s:\n{self.tail()}")

    def stop(self, seconds: float = 5) -> None:
        """Ask it to end (SIGTERM), kill it after `seconds`. Returns when it has ended."""
        self._signal(signal.SIGTERM)
        self.resume()
        if self._child:
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it and its children at once (SIGKILL)."""
        self._signal(signal.SIGKILL)
        if self._child:
            self._child.wait()
        self._pid_file.unlink(missing_ok=True)

    def pause(self) -> None:
        """Stop it where it is (SIGSTOP): its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._signal(signal.SIGCONT)

    def tail(self, lines: int = 40, since: int = 0) -> str:
        """The last lines of its log, of what was written after the byte offset `since`."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(since, self.log.stat().st_size - 1000 * lines))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid  # it may end at any moment
        if pid:
            os.killpg(pid, number)
