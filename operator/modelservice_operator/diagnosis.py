"""What is wrong with the pods in files, and how that is told."""

import json
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from modelservice_operator.diagnose.objects import NothingToDiagnose, Objects, examine
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.diagnose.reasons import Fixer
from modelservice_operator.documents import InvalidYaml, read_documents
from modelservice_operator.files import Unreadable, read_text

_COMMAND: Final = ": kubectl "
_FIXED_BY: Final = {
    Fixer.USER: "for the user to repair",
    Fixer.ADMIN: "for the cluster admin to repair",
    Fixer.WAIT: "passes by itself as a rule",
}


@dataclass(slots=True)
class Diagnosis:
    """What is to be told of all files together."""

    problems: Sequence[Problem] = ()
    """Worst first."""
    pods: int = 0
    """How many were looked at."""
    unreadable: list[str] = field(default_factory=list)
    """A line for each file, or document in one, that says nothing of pods."""

    @property
    def exit_code(self) -> int:
        """0 if all is well, 1 for findings, 2 if something could not be read."""
        return 2 if self.unreadable else 1 if self.problems else 0


def diagnose_files(names: Iterable[str]) -> Diagnosis:
    """Judges the pods in all files together; `-` is standard input. A bad file does not hide what is in others."""
    objects, diagnosis = Objects(), Diagnosis()
    for name in names:
        try:
            documents = read_documents(read_text(name))
            if not documents:
                raise Unreadable("it is empty: pass what kubectl get pods -o json prints")
            for document in documents:
                objects.add(document)
        except (Unreadable, InvalidYaml, NothingToDiagnose) as error:
            diagnosis.unreadable.append(f"{name}: {error}")
    try:
        diagnosis.problems = examine(objects)
    except RecursionError:
        diagnosis.unreadable.append("an object is nested too deeply")
    diagnosis.pods = len(objects.pods)
    return diagnosis


def as_json(problems: Iterable[Problem]) -> str:
    """A list of `{reason, message, remedy, pods}`."""
    entries = [
        {"reason": problem.reason, "message": problem.message, "remedy": problem.remedy, "pods": problem.pods}
        for problem in problems
    ]
    return json.dumps(entries, indent=2, ensure_ascii=False)


def as_text(diagnosis: Diagnosis) -> str:
    """For people: each problem with its remedy, or that there is none."""
    if diagnosis.problems:
        return "\n\n".join(problem_text(problem) for problem in diagnosis.problems)
    if not diagnosis.pods:
        return "There are no pods in it."
    return f"Nothing is wrong with {diagnosis.pods} pod{'' if diagnosis.pods == 1 else 's'}."


def problem_text(problem: Problem, width: int | None = None) -> str:
    """The reason, and below it the sentence and the next step, wrapped to `width` columns (the terminal's).

    A command stands on a line of its own, whole, so that it can be copied.
    """
    columns = width or shutil.get_terminal_size().columns
    step, colon, command = problem.remedy.partition(_COMMAND)
    lines = [f"{problem.reason} ({_FIXED_BY[problem.reason.fixer]})"]
    lines += _wrapped(problem.message, columns, "  ", "  ")
    lines += _wrapped(f"{step}{':' if colon else ''}", columns, "  → ", "    ")
    return "\n".join([*lines, f"    {_COMMAND[2:]}{command}"] if colon else lines)


def _wrapped(text: str, columns: int, first: str, other: str) -> list[str]:
    return textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )
