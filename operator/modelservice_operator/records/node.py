"""What the operator remembers of a node: whether it is there, and how many devices it offers."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.condition import condition_of
from modelservice_operator.records.devices import devices_in
from modelservice_operator.records.fields import number, section, text, word


@dataclass(frozen=True, slots=True)
class Node:
    """One node."""

    name: str
    uid: str
    resource_version: int
    ready: bool
    """Its kubelet reports, and reports that it can run pods."""
    unready_since: str
    """RFC 3339; empty while it is ready, or where unknown."""
    unschedulable: bool
    """Cordoned."""
    allocatable: Mapping[str, int]
    """Devices that pods can have, used ones included, by extended resource."""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Node":
        """The record of a node as the API server gives it. Never raises on what is absent."""
        metadata = section(manifest, "metadata")
        status = section(manifest, "status")
        condition = condition_of(status, "Ready")
        ready = condition is not None and condition.status == "True"
        return cls(
            name=word(metadata, "name"),
            uid=text(metadata, "uid"),
            resource_version=number(metadata, "resourceVersion"),
            ready=ready,
            unready_since=condition.since if condition is not None and not ready else "",
            unschedulable=section(manifest, "spec").get("unschedulable") is True,
            allocatable=dict(devices_in(section(status, "allocatable"))),
        )
