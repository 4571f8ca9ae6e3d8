"""What the operator remembers of a condition in the status of a pod, a node or a Deployment."""

from dataclasses import dataclass

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import items, text


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
    """The condition of that type in a `status` section, if there is one (and it has that `status`, where one is given)."""
    for entry in items(manifest, "conditions"):
        if entry.get("type") == condition_type and status in {None, entry.get("status")}:
            return Condition(
                status=text(entry, "status"),
                reason=text(entry, "reason"),
                message=text(entry, "message"),
                since=text(entry, "lastTransitionTime"),
            )
    return None
