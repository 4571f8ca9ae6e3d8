"""The examples in docs/reasons.md: what the diagnosis says of the smallest objects that show a problem."""

from modelservice_operator.diagnose.examples import examples
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.reference import reason_reference


def test_every_problem_has_an_example() -> None:
    page = reason_reference()
    for reason in Reason:
        section = page.partition(f"### {reason}\n")[2].partition("\n### ")[0]
        assert ("\n> → " in section) is reason.is_problem, reason


def test_an_example_says_what_to_do() -> None:
    for reason, problem in examples().items():
        assert problem.reason is reason
        assert problem.message.isprintable()
        assert problem.remedy
