"""What the operator remembers of a child: who controls it, what was last applied, and its body until that is judged."""

import json
from dataclasses import dataclass, field
from typing import Final

from modelservice_operator import api
from modelservice_operator.manifest import Manifest, canonical_json, digest
from modelservice_operator.plan import names

_VOLATILE_ANNOTATIONS: Final = frozenset({"deployment.kubernetes.io/revision"})
"""Written by controllers at every rollout; never part of an intent of ours."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller ownerReference of an object."""

    kind: str
    name: str
    uid: str
    ours: bool
    """The controller is a ModelService, of whatever name and uid."""


@dataclass(slots=True)
class Child:
    """A child with our labels, but for revisions. Its body is let go once it was judged to hold what we want."""

    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: int
    service: str
    """Name of the ModelService that the controller or, without one, the label names."""
    controller: Controller | None
    deleting: bool
    applied_hash: str | None
    fingerprint: str
    """Of everything but status: equal fingerprints mean that nobody changed the object."""
    body_json: str
    """What of it an intent can speak of, as text, which takes a fifth of the memory; empty when it was let go."""
    judged: tuple[str, str] | None = field(default=None)
    """Intent hash and fingerprint for which the object was found to hold what we want."""

    @property
    def body(self) -> Manifest | None:
        """The object but for its status, or None when it was let go."""
        return json.loads(self.body_json) if self.body_json else None

    @property
    def held(self) -> str | None:
        """The intent that the object was last found to hold, by its hash; None before it was judged."""
        return self.judged[0] if self.judged is not None else None

    def holds(self, intent_hash: str) -> bool:
        """This intent was applied, and nobody changed the object since it was judged."""
        return self.judged == (intent_hash, self.fingerprint)

    def judge(self, intent_hash: str) -> None:
        """Remember that the object, as it is now, holds this intent; its body is no longer needed."""
        self.judged = (intent_hash, self.fingerprint)
        self.body_json = ""

    def succeed(self, previous: "Child") -> None:
        """Take over the verdict on an earlier version of the same object, if nothing but status changed."""
        if previous.uid == self.uid and previous.judged is not None:
            self.judged = previous.judged
            if previous.judged[1] == self.fingerprint:
                self.body_json = ""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Child":
        """The record of an object as the API server gives it. Never raises on what is absent."""
        metadata = manifest["metadata"]
        controller = controller_of(metadata)
        labels = metadata.get("labels") or {}
        return cls(
            kind=manifest["kind"],
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            uid=metadata.get("uid", ""),
            resource_version=int(metadata.get("resourceVersion") or 0),
            service=service_of(labels, controller),
            controller=controller,
            deleting="deletionTimestamp" in metadata,
            applied_hash=(metadata.get("annotations") or {}).get(names.APPLIED_HASH),
            fingerprint=_fingerprint(manifest),
            body_json=canonical_json(_body(manifest)),
        )


def controller_of(metadata: Manifest) -> Controller | None:
    """The controller among the owner references."""
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller"):
            ours = owner.get("kind") == api.KIND and str(owner.get("apiVersion", "")).startswith(f"{api.GROUP}/")
            return Controller(owner.get("kind", ""), owner.get("name", ""), owner.get("uid", ""), ours)
    return None


def service_of(labels: Manifest, controller: Controller | None) -> str:
    """Name of the ModelService that a child belongs to: a label is no proof, so a controller goes first."""
    if controller is not None and controller.ours:
        return controller.name
    return str(labels.get(names.NAME, ""))


def _body(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    kept = ("name", "namespace", "labels", "annotations", "ownerReferences")
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": manifest.get("spec") or {},
    }


def _fingerprint(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    annotations = metadata.get("annotations") or {}
    parts = [
        metadata.get("generation") or manifest.get("spec"),
        metadata.get("labels"),
        {key: value for key, value in annotations.items() if key not in _VOLATILE_ANNOTATIONS},
        metadata.get("ownerReferences"),
    ]
    return digest(parts)
