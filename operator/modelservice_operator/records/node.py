"""What the operator remembers of a node: whether it is there, what it offers, and whom it lets in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.condition import condition_of
from modelservice_operator.records.devices import devices_in
from modelservice_operator.records.fields import items, number, section, text, word

_CLOSING: Final = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Taint:
    """A mark that keeps off the pods that do not tolerate it."""

    key: str
    value: str
    effect: str = ""
    """Empty where only its text is known."""

    def __str__(self) -> str:
        return f"{self.key}={self.value}" if self.value else self.key


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
    cpu: str = ""
    """What pods can have of it, used or not, as a quantity; empty where unknown."""
    memory: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    """Those that keep pods off."""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Node":
        """The record of a node as the API server gives it. Never raises on what is absent."""
        metadata = section(manifest, "metadata")
        status = section(manifest, "status")
        condition = condition_of(status, "Ready")
        ready = condition is not None and condition.status == "True"
        spec, allocatable = section(manifest, "spec"), section(status, "allocatable")
        labels = section(metadata, "labels")
        return cls(
            name=word(metadata, "name"),
            uid=text(metadata, "uid"),
            resource_version=number(metadata, "resourceVersion"),
            ready=ready,
            unready_since=condition.since if condition is not None and not ready else "",
            unschedulable=spec.get("unschedulable") is True,
            allocatable=dict(devices_in(allocatable)),
            cpu=word(allocatable, "cpu"),
            memory=word(allocatable, "memory"),
            labels={intern(key): word(labels, key) for key in labels},
            taints=tuple(
                Taint(word(taint, "key"), word(taint, "value"), word(taint, "effect"))
                for taint in items(spec, "taints")
                if taint.get("effect") in _CLOSING
            ),
        )
