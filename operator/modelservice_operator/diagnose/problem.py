"""What is wrong with a ModelService: findings of many pods, told once."""

from collections.abc import Iterable
from dataclasses import dataclass

from modelservice_operator.api.status import MAX_PROBLEMS
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `status.problems`."""

    reason: Reason
    message: str
    remedy: str
    pods: int
    """How many pods are concerned."""
    since: str
    """RFC 3339. The earliest time that the objects themselves prove; who remembers an earlier one may keep it."""


def fold(findings: Iterable[Finding], wanted: int, most: int | None = MAX_PROBLEMS) -> tuple[Problem, ...]:
    """The findings by reason and cause, worst first, at most `most`. Their order does not matter.

    Args:
        findings: of pods and of the Deployment.
        wanted: how many pods there should be.
        most: problems that are told; None for all.
    """
    groups: dict[tuple[Reason, tuple[str, ...]], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.reason, finding.cause), []).append(finding)
    problems = [_problem(group, wanted) for group in groups.values()]
    return tuple(sorted(problems, key=_severity)[:most])


def _problem(group: list[Finding], wanted: int) -> Problem:
    # The pod with the lowest name speaks for all: the choice stays the same for as long as that pod lives.
    speaker = min(group, key=lambda finding: (finding.pod, finding.detail, finding.remedy))
    # Remains of failed pods may be more than there should be pods at all.
    pods = min(sum(finding.pods for finding in group), wanted)
    return Problem(
        reason=speaker.reason,
        message=_sentence(speaker, pods, wanted),
        remedy=speaker.remedy,
        pods=pods,
        since=min((finding.since for finding in group if finding.since), default=""),
    )


def _sentence(finding: Finding, pods: int, wanted: int) -> str:
    subject = f"{pods} of {wanted} pod{'' if wanted == 1 else 's'}"
    need = f"{'it' if pods == 1 else 'each'} {finding.need}" if finding.need else ""
    sentence = f"{subject} {finding.happened}: {'; '.join(filter(None, (need, finding.detail)))}"
    return sentence if sentence.endswith("…") else f"{sentence}."


def _severity(problem: Problem) -> tuple[int, int, str, str]:
    return (problem.reason.precedence, -problem.pods, problem.message, problem.remedy)
