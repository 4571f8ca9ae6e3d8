"""What it depends on whether there is something to apply. Pure."""

from typing import TypeAlias

from modelservice_operator.cluster.store import Family
from modelservice_operator.records.parent import Parent

Basis: TypeAlias = tuple[object, ...]


def basis(parent: Parent, family: Family) -> Basis:
    """Everything from which revisions, intents and replicas follow, and by which children are found to hold them.

    While it is the same, what was found converged is so still. Pods and the counts of a Deployment are not part of it,
    and they are what changes most.
    """
    deployment = family.deployment
    return (
        parent.uid,
        parent.generation,
        parent.serving_revision,
        *((child.uid, child.fingerprint, child.deleting) for child in family.children.values()),
        *((revision.uid, revision.resource_version, revision.deleting) for revision in family.revisions.values()),
        deployment and (deployment.holds_replicas, deployment.resume_replicas, deployment.holds_resume),
    )
