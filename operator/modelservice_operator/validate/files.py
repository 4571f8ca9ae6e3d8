"""The files that are judged, and what is said of all of them together."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from modelservice_operator import api
from modelservice_operator.api.crd import crd
from modelservice_operator.files import STDIN, Unreadable, read_text
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.verdict import verdict

_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml"})


@dataclass(slots=True)
class Report:
    """What is to be told: a line for each mistake, one for each file or document that cannot be read, and remarks."""

    findings: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if all is well, 1 for mistakes, 2 if something could not be read."""
        return 2 if self.unreadable else 1 if self.findings else 0


def validate_files(names: Iterable[str]) -> Report:
    """Judges the ModelServices in all files; a bad file or document does not hide what is wrong in others.

    A name is that of a file, of a directory with its `*.json`, `*.yaml` and `*.yml` files at any depth, or `-` for
    standard input.
    """
    validator = Validator(crd(), api.VERSION)
    report, judged = Report(), 0
    for name in names:
        try:
            for file in _files(name):
                judged += _judge(validator, file, report)
        except Unreadable as error:
            report.unreadable.append(f"{name}: {error}")
    if not report.exit_code:
        report.remarks.append(_summary(judged))
    return report


def _judge(validator: Validator, file: str, report: Report) -> int:
    """How many ModelServices are in the file; what is wrong with it goes to the report."""
    try:
        result = verdict(validator, read_text(file))
    except Unreadable as error:
        report.unreadable.append(f"{file}: {error}")
        return 0
    report.unreadable += [f"{file}: {document}" for document in result.unreadable]
    report.findings += [f"{file}: {finding}" for finding in result.findings]
    if result.skipped:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(result.skipped).items()))
        report.remarks.append(f"{file}: skipped what is no {api.KIND}: {kinds}.")
    return result.judged


def _files(name: str) -> Iterator[str]:
    if name == STDIN or not Path(name).is_dir():
        yield name
        return
    found = sorted(path for path in Path(name).rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    if not found:
        raise Unreadable(f"there is no file in it that ends with {', '.join(sorted(_SUFFIXES))}")
    yield from map(str, found)


def _summary(judged: int) -> str:
    if judged == 1:
        return f"1 {api.KIND} is valid."
    return f"{judged} {api.KIND}s are valid." if judged else f"There is no {api.KIND} in it."
