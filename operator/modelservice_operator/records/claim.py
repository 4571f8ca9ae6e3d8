"""What the operator remembers of a Lease that says who works in its namespace."""

from dataclasses import dataclass
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import number, section, text, word

LONGEST: Final = 253
"""Characters of a holder that count: a namespace and a name have less."""


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
            holder=_called(text(section(manifest, "spec"), "holderIdentity")),
            created_at=text(metadata, "creationTimestamp"),
        )


def _called(holder: str) -> str:
    """Anybody may write anything there, and it goes into logs and metrics: one line of a name's length."""
    return "".join(character for character in holder[:LONGEST] if character.isprintable())
