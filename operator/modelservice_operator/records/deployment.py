"""What the operator remembers of the Deployment of a ModelService: how far its rollout is, and what holds it up."""

from dataclasses import dataclass

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.condition import Condition, condition_of
from modelservice_operator.records.fields import items, number, section, text, word


@dataclass(frozen=True, slots=True)
class Deployment:
    """One Deployment. All counts are of pods."""

    namespace: str
    name: str
    uid: str
    resource_version: int
    generation: int
    observed_generation: int
    wanted_replicas: int
    """`spec.replicas`."""
    replicas: int
    updated_replicas: int
    ready_replicas: int
    available_replicas: int
    revision: str
    """Value of the revision label in the pod template."""
    holds_replicas: bool
    """Our own intent is what `spec.replicas` comes from."""
    resume_replicas: int | None
    """How many there were before they were stopped; None where nobody noted it."""
    holds_resume: bool
    """Our scale manager has noted that; a note of someone else's, as from a backup, stays whatever we apply."""
    progressing: Condition | None
    replica_failure: Condition | None

    @property
    def observed(self) -> bool:
        """Counts and conditions are about the spec as it is now."""
        return self.observed_generation >= self.generation

    @property
    def complete(self) -> bool:
        """Every replica is of the current template and available, and no others are left."""
        counts = (self.updated_replicas, self.replicas, self.available_replicas)
        return self.observed and all(count == self.wanted_replicas for count in counts)

    @property
    def deadline_exceeded(self) -> bool:
        """The rollout made no progress within the progress deadline."""
        return self.observed and self.progressing is not None and self.progressing.reason == "ProgressDeadlineExceeded"

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Deployment":
        """The record of a Deployment as the API server gives it. Never raises on what is absent."""
        metadata = section(manifest, "metadata")
        spec = section(manifest, "spec")
        status = section(manifest, "status")
        template_labels = section(section(section(spec, "template"), "metadata"), "labels")
        return cls(
            namespace=word(metadata, "namespace"),
            name=text(metadata, "name"),
            uid=text(metadata, "uid"),
            resource_version=number(metadata, "resourceVersion"),
            generation=number(metadata, "generation"),
            observed_generation=number(status, "observedGeneration"),
            wanted_replicas=number(spec, "replicas") if "replicas" in spec else 1,
            replicas=number(status, "replicas"),
            updated_replicas=number(status, "updatedReplicas"),
            ready_replicas=number(status, "readyReplicas"),
            available_replicas=number(status, "availableReplicas"),
            revision=word(template_labels, names.REVISION),
            holds_replicas=_owns(metadata, names.FIELD_MANAGER, "f:spec", "f:replicas"),
            resume_replicas=_resume_replicas(metadata),
            holds_resume=_owns(
                metadata, names.SCALE_MANAGER, "f:metadata", "f:annotations", f"f:{names.RESUME_REPLICAS}"
            ),
            progressing=condition_of(status, "Progressing"),
            replica_failure=condition_of(status, "ReplicaFailure", "True"),
        )


def _owns(metadata: Manifest, manager: str, *path: str) -> bool:
    """The manager has applied the field at this path, in the spelling of managedFields."""
    for entry in items(metadata, "managedFields"):
        fields = section(entry, "fieldsV1")
        for step in path[:-1]:
            fields = section(fields, step)
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and path[-1] in fields:
            return True
    return False


def _resume_replicas(metadata: Manifest) -> int | None:
    annotations = section(metadata, "annotations")
    return number(annotations, names.RESUME_REPLICAS) if names.RESUME_REPLICAS in annotations else None
