"""What is wrong with the pods in files, and how that is told."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from modelservice_operator.diagnose.objects import NothingToDiagnose, Objects, examine
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.documents import InvalidYaml, read_documents
from modelservice_operator.files import Unreadable, read_text
from modelservice_operator.report.problems import problem_text


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
        return "\n\n".join(
            problem_text(problem.reason, problem.message, problem.remedy) for problem in diagnosis.problems
        )
    if not diagnosis.pods:
        return "There are no pods in it."
    return f"Nothing is wrong with {diagnosis.pods} pod{'' if diagnosis.pods == 1 else 's'}."
