"""What the operator remembers of a condition in the status of a pod, a node or a Deployment."""

from dataclasses import dataclass

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import items, text, word


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, whose type is known from where it is kept."""

    status: str
    """`True`, `False` or `Unknown`."""
    reason: str
    message: str
    since: str
    """`lastTransitionTime`, RFC 3339; empty where unknown."""


def condition_of(manifest: Manifest, condition_type: str, status: str | None = None) -> Condition | None:
    """The condition of that type in a `status` section; with `status` given only if it has that one."""
    for entry in items(manifest, "conditions"):
        if entry.get("type") == condition_type and (status is None or entry.get("status") == status):
            return Condition(
                status=word(entry, "status"),
                reason=word(entry, "reason"),
                message=text(entry, "message"),
                since=text(entry, "lastTransitionTime"),
            )
    return None
