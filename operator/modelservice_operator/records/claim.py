"""What the operator remembers of a Lease that says who works in its namespace."""

from dataclasses import dataclass

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import number, section, text, word


@dataclass(frozen=True, slots=True)
class Claim:
    """One such Lease."""

    namespace: str
    name: str
    uid: str
    resource_version: int
    holder: str
    """Whom it names; empty where nobody."""
    created_at: str
    """RFC 3339; empty where unknown."""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Claim":
        """The record of a Lease as the API server gives it. Never raises on what is absent."""
        metadata = section(manifest, "metadata")
        return cls(
            namespace=word(metadata, "namespace"),
            name=word(metadata, "name"),
            uid=text(metadata, "uid"),
            resource_version=number(metadata, "resourceVersion"),
            holder=text(section(manifest, "spec"), "holderIdentity"),
            created_at=text(metadata, "creationTimestamp"),
        )
