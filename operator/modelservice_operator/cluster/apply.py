"""Bring a child to its intent: server-side apply, skipped when nothing differs, never onto what is not ours."""

import logging
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from modelservice_operator import diff
from modelservice_operator.blocked import Blocked, being_deleted, beyond_repair, name_conflict, predecessor
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import MESSAGE_LIMIT, ApiError, is_terminal, judge, judging
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.collision import replacement
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.account import without_leftover
from modelservice_operator.records.child import Child
from modelservice_operator.records.ownership import Relation, live_relation, relation
from modelservice_operator.records.parent import Parent

logger = logging.getLogger(__name__)

DISOWNING: Final = 5
"""How often a write that lost to a controller's is tried again."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of one child of one ModelService."""

    uid: str
    kind: str
    name: str


class Applier:
    """Applies intents. Remembers which were refused, so that each is tried once, and which names are taken."""

    def __init__(self, client: Client, store: Store) -> None:
        self._client = client
        self._store = store
        self._refused: dict[_Slot, tuple[tuple[str, str, str], Blocked]] = {}
        """By place: the intent, uid and fingerprint of the object that it was for, and what became of it."""
        self._contested: set[_Slot] = set()
        self._borrowed: dict[_Slot, str] = {}
        """Places of foreign objects that still hold what an apply of ours put into them, and the uids of these."""

    def forget(self, uid: str) -> None:
        """The ModelService with this uid is gone."""
        self._refused = {slot: refusal for slot, refusal in self._refused.items() if slot.uid != uid}
        self._contested = {slot for slot in self._contested if slot.uid != uid}
        self._borrowed = {slot: borrowed for slot, borrowed in self._borrowed.items() if slot.uid != uid}

    def forget_refusals(self) -> None:
        """Try everything once more."""
        self._refused.clear()

    async def ensure(self, parent: Parent, intent: Manifest, *, existed: bool = False) -> bool:
        """Make the child hold the intent; no request when it already does. Says whether it was created.

        `existed` says that it was there when all was well: where it is not, the log says that it had been deleted.

        Raises:
            Blocked: the name is taken, a predecessor's child is still there, or the API server refuses the intent.
            ApiError: something that passes; worth a retry.
        """
        slot = _Slot(parent.uid, intent["kind"], intent["metadata"]["name"])
        wanted = diff.intent_hash(intent)
        child = self._child(parent, slot)
        refused, refusal = self._refused.get(slot, (None, None))
        if refusal is not None and refused == self._attempt(parent, slot, wanted):
            raise refusal.with_traceback(None)
        try:
            if slot in self._borrowed:
                raise await self._give_back(parent, slot, intent, self._borrowed[slot])
            created = child is None and await self._create(parent, slot, intent, wanted)
            if created:
                logger.info("Created %s %s%s.", slot.kind, slot.name, ", which had been deleted" if existed else "")
            if child is not None:
                await self._update(parent, child, intent, wanted)
        except ApiError as error:
            refusal = judge(slot.kind, error)
            if refusal is None:
                raise
            if refusal.stalled:
                if child is not None and child.applied_hash == wanted:
                    refusal = beyond_repair(slot.kind, parent.namespace, slot.name, error.message[:MESSAGE_LIMIT])
                self._refused[slot] = (self._attempt(parent, slot, wanted), refusal)
            raise refusal from error
        self._refused.pop(slot, None)
        return created

    def _attempt(self, parent: Parent, slot: _Slot, wanted: str) -> tuple[str, str, str]:
        """What would be applied to what, as far as known: the same attempt would have the same end."""
        child = self._child(parent, slot)
        return (wanted, child.uid, child.fingerprint) if child is not None else (wanted, "", "")

    def _child(self, parent: Parent, slot: _Slot) -> Child | None:
        return self._store.family_of(parent).children.get((slot.kind, slot.name))

    async def prune(
        self, parent: Parent, wanted: Container[tuple[str, str]], kinds: Container[str] | None = None
    ) -> None:
        """Delete children of this ModelService but the wanted, by kind and name; of these kinds alone if any are given.

        Raises:
            Blocked: the API server, or a policy, refuses it.
            ApiError: worth a retry.
        """
        family = self._store.family_of(parent)
        for (kind, name), child in list(family.children.items()):
            ours = child.controller is not None and child.controller.uid == parent.uid
            concerned = kinds is None or kind in kinds
            if ours and concerned and not child.deleting and (kind, name) not in wanted:
                logger.info("Deleting %s %s, which is no longer wanted.", kind, name)
                with judging(kind):
                    await self._client.delete(BY_KIND[kind], child.namespace, name, child.uid)
                child.deleting = True

    async def _create(self, parent: Parent, slot: _Slot, intent: Manifest, wanted: str) -> bool:
        # Of what a ModelService that was worked on before should have, anything may have become: first look. For a new
        # one that read is saved, because nothing of its name can be its own.
        if slot in self._contested or "observedGeneration" in parent.status:
            live = await self._live(intent)
            if live is not None:
                await self._take_over(parent, slot, intent, wanted, live)
                return False
            self._contested.discard(slot)
        try:
            answer, created = await self._client.apply(diff.with_hash(intent, wanted), force=False)
        except ApiError as error:
            if error.status not in {409, 422}:
                raise
            live = await self._live(intent)
            if live is None:
                raise
            await self._take_over(parent, slot, intent, wanted, live)
            return False
        if not created and _others_wrote(answer):
            raise await self._give_back(parent, slot, intent, answer["metadata"]["uid"])
        self._remember(answer, wanted)
        return created

    async def _update(self, parent: Parent, child: Child, intent: Manifest, wanted: str) -> None:
        slot = _Slot(parent.uid, child.kind, child.name)
        match relation(parent, child.controller, labelled=child.service == parent.name):
            case Relation.FOREIGN:
                raise self._conflict(slot, parent)
            case Relation.PREDECESSOR:
                raise predecessor(slot.kind, slot.name)
            case _ if child.deleting:
                raise being_deleted(slot.kind, slot.name)
            case Relation.OURS if child.holds(wanted):
                return
            case Relation.OURS if child.body is not None and wanted in {child.applied_hash, child.held}:
                path = diff.difference(child.body, intent)
                if path is None and child.applied_hash == wanted:
                    child.judge(wanted)
                    return
                why = f"{path or names.APPLIED_HASH} was changed by someone else"
            case Relation.OURS if child.held is not None:
                why = "what is wanted changed"
            case Relation.OURS:
                why = "what was applied to it last is not what is wanted"
            case Relation.ORPHAN:
                why = "it has no controller: adopting it"
        logger.info("Applying %s %s: %s.", child.kind, child.name, why)
        await self._force(parent, slot, intent, wanted, child.uid)

    async def _take_over(self, parent: Parent, slot: _Slot, intent: Manifest, wanted: str, live: Manifest) -> None:
        """An object of that name exists, and we did not know it: it is ours without our label, or in our way."""
        match live_relation(parent, live):
            case Relation.FOREIGN:
                raise self._conflict(slot, parent)
            case Relation.PREDECESSOR:
                raise predecessor(slot.kind, slot.name)
            case _ if "deletionTimestamp" in live["metadata"]:
                raise being_deleted(slot.kind, slot.name)
            case _:
                self._contested.discard(slot)
                await self._force(parent, slot, intent, wanted, live["metadata"]["uid"])

    async def _force(self, parent: Parent, slot: _Slot, intent: Manifest, wanted: str, uid: str) -> None:
        bound = diff.with_hash(without_leftover(intent, self._store.deployment_of(parent)), wanted)
        bound["metadata"]["uid"] = uid
        try:
            answer, _ = await self._client.apply(bound, force=True)
        except ApiError as error:
            if _is_about_another(error):
                self._store.forget(slot.kind, parent.namespace, slot.name, uid)
                raise ApiError(409, error.reason, error.message) from error
            if not self._is_collision(parent, slot, wanted, error) or not await self._make_room(intent, uid):
                raise
            answer, _ = await self._client.apply(bound, force=True)
        self._remember(answer, wanted)
        if any(entry["manager"] == names.REPAIR_MANAGER for entry in answer["metadata"].get("managedFields") or ()):
            # An earlier repair was interrupted.
            await self._disown(intent)

    def _is_collision(self, parent: Parent, slot: _Slot, wanted: str, error: ApiError) -> bool:
        """Two things in the merged object exclude each other, and the intent alone may be fine."""
        child = self._child(parent, slot)
        accepted_before = child is not None and child.applied_hash == wanted
        exclusive = {"FieldValueDuplicate", "FieldValueForbidden"}
        return error.status == 422 and (accepted_before or any(cause.reason in exclusive for cause in error.causes))

    async def _make_room(self, intent: Manifest, uid: str) -> bool:
        """Put our items in the place of what others made of them; says whether there was something to put right."""
        live = await self._live(intent)
        if live is None or live["metadata"]["uid"] != uid or not _others_wrote(live):
            return False
        version = {"resourceVersion": live["metadata"]["resourceVersion"]}
        patch = {"metadata": version, "spec": replacement(live, intent)}
        try:
            await self._patch(intent, patch)
        except ApiError as error:
            if is_terminal(error):
                return False
            raise
        logger.warning("Replaced what others made of %s %s: it collided.", intent["kind"], intent["metadata"]["name"])
        await self._disown(intent)
        return True

    async def _disown(self, intent: Manifest) -> None:
        """Give up what the patch owns by having written it: it would stay when we no longer want it."""
        for attempt in range(DISOWNING, 0, -1):
            live = await self._live(intent)
            if live is None:
                return
            managers = live["metadata"].get("managedFields") or ()
            kept = [entry for entry in managers if entry["manager"] != names.REPAIR_MANAGER]
            version = {"resourceVersion": live["metadata"]["resourceVersion"]}
            try:
                await self._patch(intent, {"metadata": {**version, "managedFields": kept}})
            except ApiError as error:
                # A controller wrote meanwhile.
                if error.status != 409 or attempt == 1:
                    raise
            else:
                return

    async def _patch(self, intent: Manifest, patch: Manifest) -> None:
        resource, metadata = BY_KIND[intent["kind"]], intent["metadata"]
        await self._client.merge_patch(
            resource, metadata["namespace"], metadata["name"], patch, manager=names.REPAIR_MANAGER
        )

    async def _give_back(self, parent: Parent, slot: _Slot, intent: Manifest, uid: str) -> Blocked:
        """Withdraw from an object every field that only we set, with an empty intent of the same manager.

        Until that has succeeded the object has our label and owner, and looks like ours.
        """
        self._borrowed[slot] = uid
        bare = {"name": intent["metadata"]["name"], "namespace": intent["metadata"]["namespace"], "uid": uid}
        try:
            answer, _ = await self._client.apply({**intent, "metadata": bare, "spec": {}}, force=True)
            self._store.remove(answer)
        except ApiError as error:
            if not _is_about_another(error):
                raise
        del self._borrowed[slot]
        return self._conflict(slot, parent)

    async def _live(self, intent: Manifest) -> Manifest | None:
        metadata = intent["metadata"]
        return await self._client.get(BY_KIND[intent["kind"]], metadata["namespace"], metadata["name"])

    def _remember(self, answer: Manifest, wanted: str) -> None:
        """Fold the answer into the store and take it as the way in which this intent looks on the server."""
        self._store.upsert(answer)
        record = Child.from_manifest(answer)
        child = self._store.family(Key(record.namespace, record.service)).children.get((record.kind, record.name))
        if child is not None and child.resource_version == record.resource_version:
            child.judge(wanted)

    def _conflict(self, slot: _Slot, parent: Parent) -> Blocked:
        self._contested.add(slot)
        return name_conflict(slot.kind, parent.namespace, slot.name)


def _is_about_another(error: ApiError) -> bool:
    """An apply that was meant for one uid found another object, or none."""
    return error.status == 409 or any(cause.field == "metadata.uid" for cause in error.causes)


def _others_wrote(live: Manifest) -> bool:
    """Part of the spec is someone else's.

    An apply without force succeeds on a foreign object when no field of the two intents clashes. The spec of an object
    that we just made has no other manager.
    """
    return any(
        entry.get("manager") not in names.OUR_MANAGERS
        and not entry.get("subresource")
        and "f:spec" in (entry.get("fieldsV1") or {})
        for entry in live["metadata"].get("managedFields") or ()
    )
