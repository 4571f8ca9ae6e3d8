"""What the operator remembers of a ControllerRevision, which stores the pod template of one revision."""

import json
from dataclasses import dataclass

from modelservice_operator.manifest import Manifest, canonical_json, digest
from modelservice_operator.plan.revision import RECORD_VERSION
from modelservice_operator.records.child import Controller, controller_of, service_of


@dataclass(slots=True)
class Revision:
    """One stored revision. The template of all but the newest one is let go: `template_json` is then empty."""

    namespace: str
    name: str
    uid: str
    resource_version: int
    service: str
    controller: Controller | None
    deleting: bool
    number: int
    digest: str
    """Of the inputs; equality of inputs is what makes two revisions the same."""
    template_json: str

    kind: str = "ControllerRevision"

    @property
    def template(self) -> Manifest | None:
        """The stored pod template, or None where it was let go."""
        return json.loads(self.template_json) if self.template_json else None

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Revision":
        """The record of an object as the API server gives it. Data of an unknown shape match no inputs."""
        metadata = manifest["metadata"]
        labels = metadata.get("labels") or {}
        controller = controller_of(metadata)
        data = manifest.get("data")
        data = data if isinstance(data, dict) else {}
        template = data.get("template")
        known = data.get("version") == RECORD_VERSION and "inputs" in data and isinstance(template, dict)
        return cls(
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            uid=metadata.get("uid", ""),
            resource_version=int(metadata.get("resourceVersion") or 0),
            service=service_of(labels, controller),
            controller=controller,
            deleting="deletionTimestamp" in metadata,
            number=int(manifest.get("revision") or 0),
            digest=digest(data["inputs"]) if known else "",
            template_json=canonical_json(template) if isinstance(template, dict) else "",
        )
