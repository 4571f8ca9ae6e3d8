"""What was read of the cluster around a ModelService."""

from dataclasses import dataclass, field

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.revision import revision_hash
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.fields import section
from modelservice_operator.records.ownership import Relation, live_relation, relation
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.revision import Revision


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The objects that have the name of a child, by kind, and the stored revisions."""

    children: dict[str, Manifest] = field(default_factory=dict)
    revisions: list[Manifest] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    """Kinds that could not be read."""

    def own(self, parent: Parent, kind: str) -> Manifest | None:
        """The child of that kind, if it is the ModelService's or will be adopted."""
        live = self.children.get(kind)
        ours = live is not None and live_relation(parent, live) in {Relation.OURS, Relation.ORPHAN}
        return live if ours else None

    def deployment(self, parent: Parent) -> Deployment | None:
        """The record of its Deployment."""
        live = self.own(parent, "Deployment")
        return Deployment.from_manifest(live) if live is not None else None

    def stored(self, parent: Parent, inputs_digest: str) -> Manifest | None:
        """The pod template of the newest revision with these inputs; None where there is none."""
        found = [revision for revision in self._revisions(parent) if revision.digest == inputs_digest]
        return max(found, key=lambda revision: revision.number).template if found else None

    def template_of(self, parent: Parent, name: str) -> Manifest | None:
        """The pod template of the revision called `name`."""
        return next((revision.template for revision in self._revisions(parent) if revision.name == name), None)

    def running(self, parent: Parent, inputs: Manifest) -> Manifest | None:
        """The pod template that runs for these inputs although no revision stores it: the operator will store it."""
        live = self.own(parent, "Deployment")
        template = section(section(live or {}, "spec"), "template")
        labels = section(section(template, "metadata"), "labels")
        return _without_timestamp(template) if labels.get(names.REVISION) == revision_hash(inputs) else None

    def free_hash(self, parent: Parent, inputs: Manifest) -> str:
        """The hash by which a new revision will go: no other one has it."""
        taken = {revision["metadata"]["name"] for revision in self.revisions}
        hashes = (revision_hash(inputs, collisions) for collisions in range(len(taken) + 1))
        return next(hashed for hashed in hashes if names.revision_name(parent.name, hashed) not in taken)

    def _revisions(self, parent: Parent) -> list[Revision]:
        records = map(Revision.from_manifest, self.revisions)
        return [record for record in records if not record.deleting and _is_own(parent, record)]


def _is_own(parent: Parent, revision: Revision) -> bool:
    whose = relation(parent, revision.controller, labelled=revision.service == parent.name)
    return whose in {Relation.OURS, Relation.ORPHAN}


def _without_timestamp(template: Manifest) -> Manifest:
    """The API server writes `creationTimestamp: null` into every template."""
    metadata = {key: value for key, value in template["metadata"].items() if key != "creationTimestamp"}
    return {**template, "metadata": metadata}
