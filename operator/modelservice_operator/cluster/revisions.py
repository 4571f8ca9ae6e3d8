"""The stored pod templates: find the revision that a spec asks for, or render it once and store it.

A template is never rendered twice for the same inputs, so a newer operator restarts nothing.
"""

import logging
from collections.abc import Iterable, Mapping

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.blocked import Blocked, being_deleted, poll_interval, predecessor
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, judge
from modelservice_operator.cluster.resources import CONTROLLER_REVISION, DEPLOYMENT
from modelservice_operator.cluster.store import Store
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diff import difference
from modelservice_operator.manifest import Manifest, digest
from modelservice_operator.plan import names
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.plan.revision import controller_revision, inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.ownership import Relation, live_relation, relation
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.revision import Revision
from modelservice_operator.runtimes.runtime import Runtime

logger = logging.getLogger(__name__)

MAX_COLLISIONS = 8


class Revisions:
    """Finds, renders, adopts and prunes the ControllerRevisions of ModelServices."""

    def __init__(self, client: Client, store: Store, runtimes: Mapping[str, Runtime]) -> None:
        self._client = client
        self._store = store
        self._runtimes = runtimes
        self._refused: dict[str, tuple[str, Blocked]] = {}

    def forget(self, uid: str) -> None:
        """The ModelService with this uid is gone."""
        self._refused.pop(uid, None)

    def forget_refusals(self) -> None:
        """Try everything once more."""
        self._refused.clear()

    async def desired(self, parent: Parent, spec: ModelServiceSpec) -> tuple[Revision, Manifest]:
        """The revision that the spec asks for, and its pod template.

        Raises:
            PlanError: nothing can be rendered from this spec.
            Blocked: a predecessor's revision is in the way.
            ApiError: worth a retry.
        """
        await self._adopt(parent)
        wanted = inputs(parent.name, spec)
        wanted_digest = digest(wanted)
        family = self._store.family_of(parent)
        found = [
            revision
            for revision in family.revisions.values()
            if revision.digest == wanted_digest
            and not revision.deleting
            and _relation(parent, revision) is Relation.OURS
        ]
        if not found:
            return await self._make(parent, spec, wanted)
        revision = max(found, key=lambda candidate: candidate.number)
        newest = max(other.number for other in family.revisions.values())
        if revision.number < newest:
            revision = await self._renumber(parent, revision, newest + 1)
        template = revision.template
        if template is None:
            template = await self._reload(revision)
        return revision, template

    async def template_of(self, parent: Parent, name: str) -> Manifest | None:
        """The pod template of a stored revision of this ModelService; None where it is not there any more."""
        revision = self._store.family_of(parent).revisions.get(name)
        if revision is None or revision.deleting or _relation(parent, revision) is not Relation.OURS:
            return None
        return revision.template or await self._reload(revision)

    async def prune(self, parent: Parent, spec: ModelServiceSpec, keep: Iterable[str]) -> None:
        """Delete the oldest revisions beyond `revisionHistoryLimit`; those called `keep` do not count."""
        kept = set(keep)
        old = [
            revision
            for revision in self._store.family_of(parent).revisions.values()
            if revision.name not in kept and not revision.deleting and _relation(parent, revision) is Relation.OURS
        ]
        old.sort(key=lambda revision: revision.number, reverse=True)
        for revision in old[spec.rollout.revision_history_limit :]:
            await self._client.delete(CONTROLLER_REVISION, parent.namespace, revision.name, revision.uid)
            revision.deleting = True

    async def _adopt(self, parent: Parent) -> None:
        """Own the whole history that `--cascade=orphan` or a backup left, so that it is pruned and collected."""
        for revision in list(self._store.family_of(parent).revisions.values()):
            if _relation(parent, revision) is Relation.ORPHAN and not revision.deleting:
                logger.info("Adopting revision %s.", revision.name)
                answer = await self._own(parent, revision.name, revision.resource_version, revision.number)
                self._store.upsert(answer)

    async def _make(self, parent: Parent, spec: ModelServiceSpec, wanted: Manifest) -> tuple[Revision, Manifest]:
        refused_digest, refusal = self._refused.get(parent.uid, ("", None))
        if refusal is not None and refused_digest == digest(wanted):
            raise refusal.with_traceback(None)
        number = 1 + max((revision.number for revision in self._store.family_of(parent).revisions.values()), default=0)
        for collisions in range(MAX_COLLISIONS):
            hash_ = revision_hash(wanted, collisions)
            live = await self._live_template(parent, hash_)
            template = live or render(parent.name, spec, self._runtimes, hash_).template
            manifest = controller_revision(parent, wanted, template, hash_, number)
            try:
                answer = await self._client.create(manifest)
                source = ", rebuilt from the live Deployment: it was lost" if live else ""
                logger.info("Stored revision %s%s.", manifest["metadata"]["name"], source)
            except ApiError as error:
                refusal = judge("ControllerRevision", error)
                if refusal is not None and refusal.stalled:
                    self._refused[parent.uid] = (digest(wanted), refusal)
                    raise refusal from error
                if error.status != 409 or error.reason != "AlreadyExists":
                    raise
                existing = await self._existing(parent, manifest, wanted)
                if existing is None:
                    continue
                answer = existing
            self._store.upsert(answer)
            revision = Revision.from_manifest(answer)
            return self._store.family_of(parent).revisions.get(revision.name, revision), answer["data"]["template"]
        raise Blocked(
            Reason.NAME_CONFLICT,
            f"{MAX_COLLISIONS} foreign ControllerRevisions have the names that this ModelService's revision needs.",
            f"Look at them: kubectl get controllerrevisions -n {parent.namespace}",
            stalled=True,
            retry=poll_interval(),
        )

    async def _live_template(self, parent: Parent, hash_: str) -> Manifest | None:
        """The pod template that runs under this hash: its ControllerRevision was deleted, the pods must not notice."""
        family = self._store.family_of(parent)
        if family.deployment is None or family.deployment.revision != hash_:
            return None
        live = await self._client.get(DEPLOYMENT, parent.namespace, parent.name)
        if live is None or live_relation(parent, live) not in {Relation.OURS, Relation.ORPHAN}:
            return None
        template: Manifest = live["spec"]["template"]
        if (template["metadata"].get("labels") or {}).get(names.REVISION) != hash_:
            return None
        template["metadata"].pop("creationTimestamp", None)
        return template

    async def _existing(self, parent: Parent, manifest: Manifest, wanted: Manifest) -> Manifest | None:
        """The object that already has the name, if it can serve as the revision; None where another name is needed."""
        name = manifest["metadata"]["name"]
        live = await self._client.get(CONTROLLER_REVISION, parent.namespace, name)
        if live is None:
            raise ApiError(409, "Conflict", f"ControllerRevision {name} came and went")
        match live_relation(parent, live):
            case Relation.PREDECESSOR:
                raise predecessor("ControllerRevision", name)
            case Relation.FOREIGN:
                return None
        if Revision.from_manifest(live).digest != digest(wanted):
            return None
        if "deletionTimestamp" in live["metadata"]:
            raise being_deleted("ControllerRevision", name)
        if not difference(live, manifest):
            return live  # we made it, and never got the answer
        version, labels = live["metadata"]["resourceVersion"], manifest["metadata"]["labels"]
        return await self._own(parent, name, version, manifest["revision"], **labels)

    async def _renumber(self, parent: Parent, revision: Revision, number: int) -> Revision:
        """Make a stored revision the newest one of this ModelService: a rollback."""
        answer = await self._own(parent, revision.name, revision.resource_version, number)
        logger.info("Revision %s is now the newest one, number %d.", revision.name, number)
        self._store.upsert(answer)
        return self._store.family_of(parent).revisions.get(revision.name) or Revision.from_manifest(answer)

    async def _own(self, parent: Parent, name: str, version: int | str, number: int, **labels: str) -> Manifest:
        """Write owner, number and labels of a revision that is at this resourceVersion."""
        metadata = {
            "resourceVersion": str(version),
            "labels": labels,
            "ownerReferences": child_metadata(parent, name, {})["ownerReferences"],
        }
        patch: Manifest = {"metadata": metadata, "revision": number}
        return await self._client.merge_patch(CONTROLLER_REVISION, parent.namespace, name, patch)

    async def _reload(self, revision: Revision) -> Manifest:
        live = await self._client.get(CONTROLLER_REVISION, revision.namespace, revision.name)
        if live is None:
            self._store.forget(revision.kind, revision.namespace, revision.name, revision.uid)
            raise ApiError(404, "NotFound", f"ControllerRevision {revision.name} is gone")
        revision.template_json = Revision.from_manifest(live).template_json
        template: Manifest = live["data"]["template"]
        return template


def _relation(parent: Parent, revision: Revision) -> Relation:
    return relation(parent, revision.controller, labelled=revision.service == parent.name)
