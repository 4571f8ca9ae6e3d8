from typing import Final

import pytest

from modelservice_operator import conditions
from modelservice_operator.api.status import PENDING
from modelservice_operator.conditions import Condition, ConditionStatus
from modelservice_operator.manifest import Manifest

NOON: Final = "2026-11-22T12:00:00Z"
LATER: Final = "2026-11-22T12:05:00Z"


def rendered(status: ConditionStatus, previous: Manifest, now: str = LATER) -> Manifest:
    return conditions.render(Condition(conditions.READY, status, "Starting", "Loading."), previous, 7, now)


def test_all_fields() -> None:
    assert rendered("Unknown", {}) == {
        "type": "Ready",
        "status": "Unknown",
        "observedGeneration": 7,
        "lastTransitionTime": LATER,
        "reason": "Starting",
        "message": "Loading.",
    }


@pytest.mark.parametrize(
    ("before", "after", "since"),
    [("Unknown", "Unknown", NOON), ("Unknown", "True", LATER), ("True", "True", NOON), ("True", "False", LATER)],
)
def test_the_time_moves_with_the_status_alone(before: ConditionStatus, after: ConditionStatus, since: str) -> None:
    """Another reason, message or generation is no transition."""
    previous = {**rendered(before, {}, NOON), "reason": "Other", "message": "Other.", "observedGeneration": 1}
    assert rendered(after, previous)["lastTransitionTime"] == since


def test_the_time_in_the_schemas_default_is_none() -> None:
    assert rendered("Unknown", conditions.find(PENDING, conditions.READY))["lastTransitionTime"] == LATER


@pytest.mark.parametrize(
    ("status", "found", "true"),
    [
        ({}, {}, False),
        ({"conditions": None}, {}, False),
        ({"conditions": [{"type": "Ready", "status": "True"}]}, {"type": "Ready", "status": "True"}, True),
        ({"conditions": [{"type": "Ready", "status": "False"}]}, {"type": "Ready", "status": "False"}, False),
        ({"conditions": [{"type": "Available", "status": "True"}]}, {}, False),
    ],
)
def test_find(status: Manifest, found: Manifest, true: bool) -> None:
    assert conditions.find(status, conditions.READY) == found
    assert conditions.is_true(status, conditions.READY) is true
