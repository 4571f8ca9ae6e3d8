"""What the operator remembers of a ModelService."""

from dataclasses import dataclass

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import sharing_keys


@dataclass(frozen=True, slots=True)
class Parent:
    """A ModelService, whose spec is as raw as the API server gave it."""

    namespace: str
    """Empty for an object of a file that names none."""
    name: str
    uid: str
    """Empty for an object of a file: its children then get no owner reference."""
    generation: int
    resource_version: int
    deleting: bool
    spec: Manifest
    status: Manifest
    created_at: str
    """metadata.creationTimestamp, empty for an object of a file."""

    @property
    def serving_revision(self) -> str:
        """Name of the revision that served last, by its status; empty if none did."""
        return (self.status.get("revision") or {}).get("serving") or ""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Parent":
        """The record of an object as the API server, or a file, gives it. Only `metadata.name` must be there."""
        metadata = manifest["metadata"]
        return cls(
            namespace=metadata.get("namespace") or "",
            name=metadata["name"],
            uid=metadata.get("uid") or "",
            generation=int(metadata.get("generation") or 0),
            resource_version=int(metadata.get("resourceVersion") or 0),
            deleting="deletionTimestamp" in metadata,
            spec=sharing_keys(manifest.get("spec") or {}),
            status=sharing_keys(manifest.get("status") or {}),
            created_at=metadata.get("creationTimestamp") or "",
        )
