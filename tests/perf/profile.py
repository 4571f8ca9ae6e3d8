"""Where the operator's CPU time goes while many ModelServices are applied at once: the next bottleneck."""

import pstats
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from perf import usage
from perf.rows import Figure
from perf.services import services
from perf.stage import stage

FUNCTIONS: Final = 20


def measure(size: int) -> Iterator[Figure]:
    """Prints shares of the time by package and the functions that take most; gives no figures."""
    with stage() as here:
        file = here.cluster.directory / "operator.prof"
        operator = here.operator(under=("-m", "cProfile", "-o", str(file)))
        before = usage.cpu_seconds(operator.pid)
        mark = here.audit.mark()
        here.load.apply(services(0, size))
        made = here.wait_for(size, "services", mark)
        used = usage.cpu_seconds(operator.pid) - before
        here.settle()
        seconds = (made[-1].answered - made[0].received).total_seconds()
        operator.process.stop(60)
        _print(file, f"{size} applied: {used:.1f} s of CPU in {seconds:.1f} s, under the profiler")
    yield from ()


def _print(file: Path, title: str) -> None:
    own: dict[tuple[str, int, str], float] = {
        function: times[2] for function, times in vars(pstats.Stats(str(file)))["stats"].items()
    }
    total = sum(seconds for function, seconds in own.items() if not _is_waiting(function))
    packages: defaultdict[str, float] = defaultdict(float)
    for function, seconds in own.items():
        if not _is_waiting(function):
            packages[_package(function)] += seconds
    ranked = sorted(packages.items(), key=lambda item: item[1], reverse=True)
    lines = [title, "", "share  package"]
    lines += [f"{100 * seconds / total:4.1f}%  {package}" for package, seconds in ranked[:12]]
    lines += ["", "share  function"]
    most = sorted((function for function in own if not _is_waiting(function)), key=own.__getitem__, reverse=True)
    lines += [f"{100 * own[function] / total:4.1f}%  {_called(function)}" for function in most[:FUNCTIONS]]
    sys.stderr.write("\n".join(lines) + "\n")


def _is_waiting(function: tuple[str, int, str]) -> bool:
    return "poll" in function[2] and function[0] == "~"


def _package(function: tuple[str, int, str]) -> str:
    """The package of a function, two levels of our own; what is written in C by its kind."""
    path, _, name = function
    if path == "~":
        return "ssl (C)" if "_ssl" in name else "json (C)" if "json" in name else "other C"
    parts = Path(path).with_suffix("").parts
    for root in ("site-packages", "operator", f"python{sys.version_info.major}.{sys.version_info.minor}"):
        if root in parts:
            inside = parts[parts.index(root) + 1 :]
            return ".".join(inside[: 2 if inside[0] == "modelservice_operator" else 1])
    return parts[-1] if parts else path


def _called(function: tuple[str, int, str]) -> str:
    path, line, name = function
    return name if path == "~" else f"{_package(function)}: {Path(path).name}:{line} {name}"
