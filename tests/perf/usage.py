"""What a process uses, from /proc."""

import math
import os
from pathlib import Path
from typing import Final

from localcluster.polling import attempts
from modelservice_operator.cluster.resync import SETTLE

_REST: Final = 0.05
"""Seconds of CPU time in one second, at most."""
_QUIET: Final = SETTLE + 2
"""Seconds: after lists it pauses before it compares them with the API server, and that is no rest."""
_LONG: Final = 300.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rest(pid: int) -> None:
    """Wait until the process uses hardly any CPU: what a start is followed by, such as a sweep, is over then."""
    before = -math.inf
    for _ in attempts(_LONG, interval=_QUIET):
        used = cpu_seconds(pid)
        if used - before < _REST * _QUIET:
            return
        before = used
    raise AssertionError(f"The process {pid} still works after {_LONG:g} s.")


def resident(pid: int) -> float:
    """Resident memory, in MiB, as `ps` and the budgets have it."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> float:
    """The most resident memory that it had."""
    return _status(pid, "VmHWM")


def _status(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))
