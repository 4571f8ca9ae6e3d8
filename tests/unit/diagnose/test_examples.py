"""The examples in docs/reasons.md: what the diagnosis says of the smallest objects that show a problem."""

from modelservice_operator.diagnose.examples import examples
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import all_texts

OF_THE_OBJECT = {
    Reason.INVALID_SPEC,
    Reason.INVALID_POD_TEMPLATE,
    Reason.NAME_CONFLICT,
    Reason.CHILD_MODIFIED,
    Reason.FORBIDDEN,
    Reason.REQUEST_FAILED,
}
"""What the operator meets with its own requests."""


def test_every_problem_of_pods_has_an_example_or_a_text() -> None:
    known = {row.reason for texts in all_texts() for row in texts.texts}
    problems = {reason for reason in Reason if reason.is_problem}
    assert problems - OF_THE_OBJECT - known - examples().keys() == set()


def test_an_example_says_what_to_do() -> None:
    for reason, problem in examples().items():
        assert problem.reason is reason
        assert problem.message.isprintable()
        assert problem.remedy
