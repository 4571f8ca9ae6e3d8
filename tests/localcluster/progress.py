"""How far a Go build is, told from the lines of `go build -v`."""

import sys
import threading
import time
from typing import TextIO

LINE_EVERY = 10.0
"""Seconds between two lines where nothing can be rewritten (a log file, CI)."""


class Progress:
    """Counts the lines of one build and shows where it stands: one line rewritten on a terminal, else a line at times.

    `packages` is how many a build from nothing compiles; a build with a warm Go cache compiles fewer and ends early.
    """

    def __init__(self, title: str, packages: int, stream: TextIO | None = None) -> None:
        self.title = title
        self.packages = packages
        self._stream = stream or sys.stderr
        self._started = time.monotonic()
        self._shown = self._started
        self._downloaded = 0
        self._compiled = 0
        self._lock = threading.Lock()

    def read(self, line: str) -> None:
        """Take one line of the build's output: a module downloaded, a package to compile, or something else."""
        with self._lock:
            if line.startswith("go: downloading "):
                self._downloaded += 1
            elif line and " " not in line:
                self._compiled += 1

    def state(self, seconds: float) -> str:
        """One line: where the build stands after `seconds`."""
        with self._lock:
            downloaded, compiled = self._downloaded, self._compiled
        took = f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
        if compiled:
            share = min(99, 100 * compiled // self.packages)
            return f"{self.title}: {share:2d} % ({compiled:,} of about {self.packages:,} packages), {took}"
        if downloaded:
            return f"{self.title}: downloading ({downloaded:,} modules), {took}"
        return f"{self.title}: starting, {took}"

    def show(self) -> None:
        """Show the state, if it is time to."""
        now = time.monotonic()
        if self._stream.isatty():
            self._stream.write(f"\r\033[K{self.state(now - self._started)}")
        elif now - self._shown >= LINE_EVERY:
            self._shown = now
            self._stream.write(f"{self.state(now - self._started)}\n")
        self._stream.flush()

    def end(self) -> float:
        """Leave the terminal's line behind; the seconds that the build took."""
        if self._stream.isatty():
            self._stream.write("\r\033[K")
            self._stream.flush()
        return time.monotonic() - self._started
