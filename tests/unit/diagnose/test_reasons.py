import re

import pytest

from modelservice_operator.diagnose.reasons import Reason


@pytest.mark.parametrize("reason", Reason)
def test_reasons_are_what_conditions_may_hold(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]*", reason)
    assert Reason(str(reason)) is reason
    assert reason.meaning.endswith(".")


def test_causes_come_before_their_consequences() -> None:
    chain = [
        Reason.POD_SECURITY_VIOLATION,
        Reason.CONFIG_INVALID,
        Reason.CRASH_LOOPING,
        Reason.NODE_LOST,
        Reason.INSUFFICIENT_ACCELERATORS,
        Reason.PROGRESS_DEADLINE_EXCEEDED,
    ]
    assert sorted(chain, key=lambda reason: reason.precedence) == chain
