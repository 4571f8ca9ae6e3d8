"""A problem of a report."""

from dataclasses import dataclass

from modelservice_operator.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem, whose reason may be one of a newer operator, or of a report alone."""

    reason: str
    message: str
    remedy: str
    pods: int = 0
    since: str = ""

    @classmethod
    def told(cls, entry: Manifest) -> "Trouble":
        """One of `status.problems`."""
        return cls(
            entry["reason"], entry["message"], entry.get("remedy", ""), entry.get("pods", 0), entry.get("since", "")
        )
