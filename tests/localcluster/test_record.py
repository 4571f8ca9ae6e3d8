"""What becomes of what is seen of a pod."""

from datetime import UTC, datetime, timedelta
from typing import Any

from localcluster.record import Recording

CREATED = datetime(2026, 11, 22, 10, tzinfo=UTC)


def pod(**status: object) -> dict[str, Any]:
    metadata = {"name": "chat", "uid": "u", "creationTimestamp": "2026-11-22T10:00:00Z"}
    return {"kind": "Pod", "metadata": metadata, "status": status}


def event(name: str, count: int, **about: str) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{name}"}
    return {"metadata": metadata, "involvedObject": {"uid": "u", **about}, "reason": "Unhealthy", "count": count}


def test_each_status_is_kept_once_with_its_age_and_each_event_as_last_seen() -> None:
    recording = Recording()
    for second, phase in ((1, "Pending"), (2, "Pending"), (3.46, "Running"), (5, "Pending")):
        recording.see_pod(pod(phase=phase), CREATED + timedelta(seconds=second))
    for count in (1, 2):
        recording.see_event(event("a", count, fieldPath="spec.containers{server}"))
    recording.see_event(event("b", 1, uid="another"))
    (found,) = recording.all()
    assert found["name"] == "chat"
    assert found["final"] == pod(phase="Pending")
    assert found["history"] == [
        {"t": 1.0, "status": {"phase": "Pending"}},
        {"t": 3.5, "status": {"phase": "Running"}},
        {"t": 5.0, "status": {"phase": "Pending"}},
    ]
    container = {"involvedObject": {"fieldPath": "spec.containers{server}"}}
    assert found["events"] == [{"reason": "Unhealthy", "count": 2, **container}]
