from itertools import permutations

from modelservice_operator.api.status import MAX_PROBLEMS
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.problem import Problem, fold
from modelservice_operator.diagnose.reasons import Reason


def crash(pod: str, cause: str = "1", detail: str = "it exited", since: str = "") -> Finding:
    return Finding(Reason.CRASH_LOOPING, (cause,), "crashed", detail, f"Read {pod}.", since=since, pod=pod)


def test_one_cause_is_told_once_by_the_pod_with_the_lowest_name() -> None:
    findings = [
        crash("b", detail="said b", since="2026-01-01"),
        crash("a", detail="said a"),
        crash("c", since="2025-01-01"),
    ]
    told = Problem(Reason.CRASH_LOOPING, "3 of 4 pods crashed: said a.", "Read a.", 3, "2025-01-01")
    assert {fold(order, 4) for order in permutations(findings)} == {(told,)}


def test_two_causes_are_told_apart_the_more_common_first() -> None:
    findings = [crash("a", "139", "SIGSEGV"), crash("b"), crash("c")]
    assert [problem.message for problem in fold(findings, 3)] == [
        "2 of 3 pods crashed: it exited.",
        "1 of 3 pods crashed: SIGSEGV.",
    ]


def test_a_text_that_was_cut_ends_there() -> None:
    assert fold([crash("a", detail="it said…")], 1)[0].message == "1 of 1 pod crashed: it said…"


def test_no_more_than_ten() -> None:
    problems = fold([crash(f"{number}", str(number)) for number in range(20)], 20)
    assert len(problems) == MAX_PROBLEMS


def test_need_is_said_of_it_or_of_each() -> None:
    finding = Finding(Reason.UNSCHEDULABLE, (), "wait", "no", "Wait.", need="needs one")
    assert fold([finding], 1)[0].message == "1 of 1 pod wait: it needs one; no."
    assert fold([finding, finding], 2)[0].message == "2 of 2 pods wait: each needs one; no."
