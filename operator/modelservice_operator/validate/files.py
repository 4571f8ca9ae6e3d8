"""The files that are judged, and what is said of all of them together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from modelservice_operator import api
from modelservice_operator.api.crd import crd
from modelservice_operator.files import Unreadable, files_in, read_text
from modelservice_operator.validate.kind import NONE_OF_OURS, NOTHING, others
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.verdict import verdict


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
            for file in files_in(name):
                judged += _judge(validator, file, report)
        except Unreadable as error:
            report.unreadable.append(f"{name}: {error}")
    if not judged and not report.remarks and not report.exit_code:
        report.unreadable.append(NOTHING)
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
        report.remarks.append(f"{file}: skipped {others(result.skipped)}.")
    return result.judged


def _summary(judged: int) -> str:
    if judged == 1:
        return f"1 {api.KIND} is valid."
    return f"{judged} {api.KIND}s are valid." if judged else NONE_OF_OURS
