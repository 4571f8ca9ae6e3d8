"""Events as the API server gives them, in both versions, and as recordings hold them."""

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod_event import PodEvent, pod_event

CORE: Manifest = {
    "kind": "Event",
    "apiVersion": "v1",
    "type": "Warning",
    "reason": "Unhealthy",
    "message": "Readiness probe failed",
    "involvedObject": {"kind": "Pod", "fieldPath": "spec.containers{server}"},
    "count": 7,
    "lastTimestamp": "2026-11-22T10:00:00Z",
}
SERIES: Manifest = {
    "kind": "Event",
    "apiVersion": "events.k8s.io/v1",
    "type": "Warning",
    "reason": "FailedScheduling",
    "note": "0/1 nodes are available",
    "regarding": {"kind": "Pod"},
    "eventTime": "2026-11-22T09:00:00.000000Z",
    "series": {"count": 3, "lastObservedTime": "2026-11-22T10:00:00.000000Z"},
}


@pytest.mark.parametrize(
    ("manifest", "record"),
    [
        (CORE, PodEvent("Warning", "Unhealthy", "Readiness probe failed", "server", 7, "2026-11-22T10:00:00Z")),
        (
            SERIES,
            PodEvent("Warning", "FailedScheduling", "0/1 nodes are available", "", 3, "2026-11-22T10:00:00.000000Z"),
        ),
        ({"count": None, "message": None, "series": 4}, PodEvent("", "", "", "", 1, "")),
        (
            {"message": "x" * 9000, "count": -1, "involvedObject": {"fieldPath": "spec.initContainers{fetch}"}},
            PodEvent("", "", "x" * 1024, "fetch", 1, ""),
        ),
    ],
)
def test_record(manifest: Manifest, record: PodEvent) -> None:
    assert pod_event(manifest) == record
