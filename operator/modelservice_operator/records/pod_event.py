"""What the operator remembers of a core/v1 Event about a pod."""

import re
from dataclasses import dataclass
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import number, section, text, word

_CONTAINER: Final = re.compile(r"^spec\.(?:initContainers|containers)\{(?P<name>[^}]*)\}$")
_MESSAGE: Final = 1024
"""Characters that are kept of a message, which is what the API allows."""


@dataclass(frozen=True, slots=True)
class PodEvent:
    """One Event. Times are RFC 3339, and empty where unknown."""

    type: str
    """`Normal` or `Warning`."""
    reason: str
    message: str
    container: str
    """Name of the container that it is about; empty for the pod as a whole, or where it does not say."""
    count: int
    """How often it was seen, at least 1."""
    last_seen: str


def pod_event(manifest: Manifest) -> PodEvent:
    """The record of an Event as the API server gives it, in either version. Never raises on what is absent."""
    series = section(manifest, "series")
    regarding = section(manifest, "involvedObject") or section(manifest, "regarding")
    container = _CONTAINER.match(text(regarding, "fieldPath"))
    times = (
        text(series, "lastObservedTime"),
        text(manifest, "lastTimestamp"),
        text(manifest, "deprecatedLastTimestamp"),
        text(manifest, "eventTime"),
    )
    counts = (number(series, "count"), number(manifest, "count"), number(manifest, "deprecatedCount"), 1)
    return PodEvent(
        type=word(manifest, "type"),
        reason=word(manifest, "reason"),
        message=(text(manifest, "message") or text(manifest, "note"))[:_MESSAGE],
        container=container["name"] if container else "",
        count=max(1, next(filter(None, counts))),
        last_seen=next(filter(None, times), ""),
    )
