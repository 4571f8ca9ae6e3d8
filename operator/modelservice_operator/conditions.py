"""Conditions as the Kubernetes API conventions want them. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from modelservice_operator.manifest import Manifest

ConditionStatus = Literal["True", "False", "Unknown"]

READY: Final = "Ready"
AVAILABLE: Final = "Available"
RECONCILING: Final = "Reconciling"
STALLED: Final = "Stalled"

NEVER: Final = "1970-01-01T00:00:00Z"
"""When the condition that the schema defaults was reached: nobody has judged yet."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One verdict; when it was reached is decided against the previous status."""

    type: str
    status: ConditionStatus
    reason: str
    message: str


def find(status: Manifest, condition_type: str) -> Manifest:
    """The condition of that type in a status; empty where there is none."""
    return next((entry for entry in status.get("conditions") or () if entry.get("type") == condition_type), {})


def is_true(status: Manifest, condition_type: str) -> bool:
    """The condition is there and True."""
    return find(status, condition_type).get("status") == "True"


def render(condition: Condition, previous: Manifest, generation: int, now: str) -> Manifest:
    """The condition as it stands in a status. `lastTransitionTime` moves with `status` alone.

    Args:
        condition: the verdict.
        previous: the condition of this type in the status so far, may be empty.
        generation: the generation of the object that was judged.
        now: RFC 3339, in whole seconds.
    """
    same = previous.get("status") == condition.status and previous["lastTransitionTime"] != NEVER
    return {
        "type": condition.type,
        "status": condition.status,
        "observedGeneration": generation,
        "lastTransitionTime": previous["lastTransitionTime"] if same else now,
        "reason": condition.reason,
        "message": condition.message,
    }
