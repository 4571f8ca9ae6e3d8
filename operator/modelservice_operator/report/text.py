"""A report as text: the most important line first, in 80 columns, and as good without colour."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from modelservice_operator.report.bars import bars
from modelservice_operator.report.problems import problem_text, wrapped
from modelservice_operator.report.report import Devices, PodLine, Report
from modelservice_operator.report.trouble import Trouble
from modelservice_operator.report.unseen import BEING_DELETED, STATUS_OUTDATED
from modelservice_operator.report.words import age
from modelservice_operator.terminal import Colour, Paint, plain

_STATES: Final[Mapping[str, tuple[str, Colour]]] = {"True": ("is ready", "green"), "False": ("is not ready", "red")}
_NOT_OF_NOW: Final[Mapping[str, tuple[str, Colour]]] = {
    STATUS_OUTDATED: ("waits for the operator", "yellow"),
    BEING_DELETED: ("is being deleted", "yellow"),
}
_UNDER_WAY: Final[tuple[str, Colour]] = ("is on its way", "yellow")
MOST: Final = 20
"""Rows of a table; a service may have a thousand pods."""


def report_text(report: Report, now: str, width: int, paint: Paint = plain) -> str:
    """The whole report; `now`, RFC 3339, turns points in time into ages."""
    parts = [
        "\n".join(_headline(report, now, width, paint)),
        *(_problem(each, width) for each in report.problems if each.reason not in _NOT_OF_NOW),
        _facts(report),
        table("Pods", ("NAME", "STATE", "AGE", "RESTARTS", "NODE"), _pods(report.pods, now)),
        _starts(report, now),
        table("Devices", ("NODE", "HAS", "FREE", "HELD BY", ""), map(_devices, report.devices)),
        _output(report),
        "\n".join(line for note in report.notes for line in wrapped(f"Note: {note}", width, "", "      ")),
    ]
    return "\n\n".join(filter(None, parts))


def _headline(report: Report, now: str, width: int, paint: Paint) -> Iterator[str]:
    since = age(report.since, now)
    state, colour = _NOT_OF_NOW.get(report.reason) or _STATES.get(report.ready, _UNDER_WAY)
    yield paint(
        f"{report.name} in {report.namespace} {state}: {report.reason}{f', for {since}' if since else ''}", colour
    )
    said = {each.message for each in report.problems}
    for each in report.problems:
        if each.reason in _NOT_OF_NOW:
            yield from _problem(each, width).split("\n")[1:]
    if report.message and report.message not in said:
        yield from wrapped(report.message, width, "  ", "  ")


def _problem(each: Trouble, width: int) -> str:
    return problem_text(each.reason, each.message, each.remedy, width)


def _facts(report: Report) -> str:
    desired, serving = report.revision.get("desired", ""), report.revision.get("serving", "")
    revision = desired if desired == serving or not serving else f"{desired}, while {serving} serves"
    facts = {
        "Model": report.model,
        "Runtime": report.runtime,
        "Ready": f"{report.there} of {report.wanted} pod{'' if report.wanted == 1 else 's'}{report.each}",
        "Revision": revision,
        "URL": report.url,
    }
    return "\n".join(f"{name:<10}{fact}" for name, fact in facts.items() if fact)


def _pods(pods: Sequence[PodLine], now: str) -> Iterator[Sequence[str]]:
    for pod in pods:
        yield pod.name, pod.state, age(pod.created_at, now), str(pod.restarts), pod.node or "-"


def _starts(report: Report, now: str) -> str:
    lines = [
        line
        for start in report.starts
        for line in (f"  {start.pod}", *(f"    {bar}" for bar in bars(start.spans, report.usual, now)))
    ]
    return "\n".join(["Start-up", *lines]) if lines else ""


def _devices(line: Devices) -> Sequence[str]:
    held = ", ".join(f"{name} ({count})" for name, count in line.held_by.items())
    return line.node, str(line.has), str(line.free), held or "-", line.closed


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], most: int | None = MOST) -> str:
    """Columns as wide as their widest cell, below the title if there is one; empty without rows.

    Of more than `most` rows the first ones are shown, and how many are not.
    """
    cells = [tuple(row) for row in rows]
    if not cells:
        return ""
    shown = [tuple(heads), *cells[:most]]
    widths = [max(len(row[column]) for row in shown) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]
    if len(cells) >= len(shown):
        lines.append(f"… and {len(cells) - len(shown) + 1} more")
    return "\n".join([title, *(f"  {line}" for line in lines)] if title else lines)


def _output(report: Report) -> str:
    if report.output is None:
        return ""
    title = f"Last lines of container {report.output.container} in pod {report.output.pod}"
    return "\n".join([title, *(f"  | {line}" for line in report.output.lines)])
