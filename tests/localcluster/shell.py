"""A shell whose commands and their output are shown as a person would see them."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from typing import Final

from localcluster.polling import attempts

STEP_SECONDS: Final = 120


class DemoError(Exception):
    """A command failed, or something did not happen in time."""


class Shell:
    """Types commands at the cluster and shows what they print."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def run(self, command: str, given: str = "", fine: Collection[int] = (0,)) -> str:
        """Show a command and its output; raises `DemoError` when it ends otherwise than is `fine`."""
        typed = f"{command} <<'EOF'\n{given}EOF" if given else command
        show(f"\n$ {typed}")
        done = subprocess.run(
            command, shell=True, input=given, text=True, capture_output=True, env=self._environment, check=False
        )
        show((done.stdout + done.stderr).rstrip())
        if done.returncode not in fine:
            raise DemoError(f"`{command}` ended with {done.returncode}")
        return done.stdout

    def ask(self, command: str) -> str:
        """Output of a command that is not shown."""
        done = subprocess.run(shlex.split(command), text=True, capture_output=True, env=self._environment, check=False)
        return done.stdout

    def watch(self, command: str, until: str) -> None:
        """Show what a command that does not end prints, until `until` succeeds."""
        show(f"\n$ {command}")
        with subprocess.Popen(shlex.split(command), env=self._environment, start_new_session=True) as watcher:
            try:
                done = subprocess.run(
                    shlex.split(until), env=self._environment, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    raise DemoError(done.stderr.strip())
                # The watcher gets the same event; it may be a moment behind.
                self._settle(watcher)
            finally:
                watcher.send_signal(signal.SIGINT)

    @staticmethod
    def _settle(watcher: subprocess.Popen[bytes]) -> None:
        for _ in attempts(0.5, interval=0.5):
            if watcher.poll() is not None:
                return


def show(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
