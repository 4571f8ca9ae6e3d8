"""The store: what is known of the cluster, by ModelService. Fed by watches, lists and the answers to our own writes.

An object is known by its uid. Older resourceVersions are ignored, so the order in which news arrive does not matter,
and what was deleted does not come back through a late answer.
"""

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from modelservice_operator import api
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.child import Child
from modelservice_operator.records.claim import Claim
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.node import Node
from modelservice_operator.records.ownership import Relation, relation
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.revision import Revision

TOMBSTONES: Final = 4096
"""How many deleted uids are remembered: more than can be deleted while one request of ours is under way."""


class Key(NamedTuple):
    """What the queue works on: one ModelService, whether it exists or not."""

    namespace: str
    name: str


class ObjectId(NamedTuple):
    """The address of one object of whatever kind."""

    kind: str
    namespace: str
    name: str


Record = Parent | Child | Revision | Pod | Node | Claim


@dataclasses.dataclass(slots=True)
class Family:
    """What is known under one key: the ModelService and whatever carries its name as owner or label."""

    parent: Parent | None = None
    children: dict[tuple[str, str], Child] = dataclasses.field(default_factory=dict)
    deployment: Deployment | None = None
    revisions: dict[str, Revision] = dataclasses.field(default_factory=dict)
    pods: dict[str, Pod] = dataclasses.field(default_factory=dict)

    def has_own(self, kind: str, parent: Parent) -> bool:
        """The child of that kind is there, and is no predecessor's and nobody else's."""
        child = self.children.get((kind, parent.name))
        return child is not None and child.controller is not None and child.controller.uid == parent.uid

    @property
    def empty(self) -> bool:
        """Nothing is known under this key any more."""
        return self.parent is None and not (self.children or self.revisions or self.pods)


class Store:
    """All records.

    `on_change` is called with the key of every ModelService for which something changed, `on_start` with every pod
    whose server was seen to become ready for the first time since it was started, `on_claim` with every Lease of a
    namespace and whether it went.
    """

    def __init__(
        self,
        on_change: Callable[[Key], None] = lambda _: None,
        on_start: Callable[[Pod], None] = lambda _: None,
        on_claim: Callable[[Claim, bool], None] = lambda _claim, _gone: None,
    ) -> None:
        self.on_change = on_change
        self.on_start = on_start
        self.on_claim = on_claim
        self.nodes: dict[str, Node] = {}
        self._families: dict[Key, Family] = {}
        self._records: dict[ObjectId, Record] = {}
        self._guests: dict[str, set[ObjectId]] = {}
        """By node: its pods."""
        self._dead: OrderedDict[str, int] = OrderedDict()

    def family(self, key: Key) -> Family:
        """What is known under a key; an empty family for an unknown one."""
        return self._families.get(key) or Family()

    def family_of(self, parent: Parent) -> Family:
        """What is known under the key of a ModelService."""
        return self.family(Key(parent.namespace, parent.name))

    def deployment_of(self, parent: Parent) -> Deployment | None:
        """The Deployment that is a ModelService's, or will be: an orphan is adopted. None where it is another's."""
        family = self.family_of(parent)
        child = family.children.get(("Deployment", parent.name))
        if child is None:
            return None
        whose = relation(parent, child.controller, labelled=child.service == parent.name)
        return family.deployment if whose in {Relation.OURS, Relation.ORPHAN} else None

    def services(self) -> list[Key]:
        """Keys of all ModelServices that exist."""
        return [key for key, family in self._families.items() if family.parent is not None]

    def parents(self) -> list[Parent]:
        """All ModelServices."""
        return [family.parent for family in self._families.values() if family.parent is not None]

    def upsert(self, manifest: Manifest) -> None:
        """Take an object in, unless what is known of it is as new."""
        identity, uid, version = _address(manifest)
        known = self._records.get(identity)
        # Asked before the object is read: each write of ours comes back as an event, and each list comes twice.
        if version <= self._dead.get(uid, -1) or (known is not None and known.resource_version >= version):
            return
        record = _record(manifest)
        if known is not None and known.uid != record.uid:
            self._drop(identity, known)
        elif known is not None and _key(known) != _key(record):
            self._unlink(identity, known)
            self._changed(known)
        if isinstance(record, Child) and isinstance(known, Child):
            record.succeed(known)
        if isinstance(record, Pod) and isinstance(known, Pod):
            record = record.following(known)
            if record.first_ready not in {"", known.first_ready}:
                self.on_start(record)
        self._records[identity] = record
        self._link(identity, record, manifest)
        if known is None or isinstance(record, Parent | Child) or not _same(known, record):
            self._changed(record)

    def knows(self, manifest: Manifest) -> bool:
        """This version of an object was seen, or a later one, or its end. Metadata and kind are enough."""
        metadata = manifest["metadata"]
        version = int(metadata["resourceVersion"])
        known = self._records.get(ObjectId(manifest["kind"], metadata.get("namespace", ""), metadata["name"]))
        seen = known.resource_version if known is not None else -1
        return version <= max(seen, self._dead.get(metadata["uid"], -1))

    def remove(self, manifest: Manifest) -> None:
        """An object was deleted, or lost the label by which we see it: forget it, if it is the one that we know."""
        identity, uid, version = _address(manifest)
        self._bury(uid, version)
        known = self._records.get(identity)
        if known is not None and known.uid == uid and known.resource_version <= version:
            self._drop(identity, known)

    def forget(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """The API server says that this object is gone."""
        identity = ObjectId(kind, namespace, name)
        known = self._records.get(identity)
        if known is not None and known.uid == uid:
            self._bury(uid, known.resource_version)
            self._drop(identity, known)

    def prune(self, kind: str, live: set[str], resource_version: int) -> None:
        """Forget every object of a kind whose uid is not `live`, unless it is newer than the list that says so."""
        for identity, record in list(self._records.items()):
            if identity.kind == kind and record.uid not in live and record.resource_version <= resource_version:
                self._drop(identity, record)

    def _drop(self, identity: ObjectId, record: Record) -> None:
        del self._records[identity]
        self._unlink(identity, record)
        self._changed(record)

    def _bury(self, uid: str, resource_version: int) -> None:
        """From now on only what is newer counts: an object that lost just its label may return."""
        self._dead[uid] = max(resource_version, self._dead.get(uid, 0))
        if len(self._dead) > TOMBSTONES:
            self._dead.popitem(last=False)

    def _link(self, identity: ObjectId, record: Record, manifest: Manifest) -> None:
        if isinstance(record, Node):
            self.nodes[record.name] = record
            return
        if isinstance(record, Claim):
            self.on_claim(record, False)
            return
        family = self._families.setdefault(_key(record), Family())
        match record:
            case Parent():
                family.parent = record
            case Child():
                family.children[record.kind, record.name] = record
                if record.kind == "Deployment" and record.name == record.service:
                    family.deployment = Deployment.from_manifest(manifest)
            case Revision():
                family.revisions[record.name] = record
                _keep_newest_template(family)
            case Pod():
                family.pods[record.name] = record
                if record.node:  # which it keeps
                    self._guests.setdefault(record.node, set()).add(identity)

    def _unlink(self, identity: ObjectId, record: Record) -> None:
        if isinstance(record, Node):
            self.nodes.pop(record.name, None)
            return
        if isinstance(record, Claim):
            self.on_claim(record, True)
            return
        key = _key(record)
        family = self._families[key]
        match record:
            case Parent():
                family.parent = None
            case Child():
                family.children.pop((record.kind, record.name), None)
                if record.kind == "Deployment" and record.name == record.service:
                    family.deployment = None
            case Revision():
                family.revisions.pop(record.name, None)
            case Pod():
                family.pods.pop(record.name, None)
                self._leave(record.node, identity)
        if family.empty:
            del self._families[key]

    def _leave(self, node: str, pod: ObjectId) -> None:
        guests = self._guests.get(node, set())
        guests.discard(pod)
        if not guests:
            self._guests.pop(node, None)

    def _changed(self, record: Record) -> None:
        if isinstance(record, Node):
            pods = self._guests.get(record.name, ())
            changed = dict.fromkeys(_key(self._records[pod]) for pod in pods)
        elif isinstance(record, Claim):
            changed = dict.fromkeys(key for key in self.services() if key.namespace == record.namespace)
        else:
            changed = {_key(record): None}
        for key in changed:
            self.on_change(key)


def _keep_newest_template(family: Family) -> None:
    """Only the newest revision is asked for its template, as a rule; the others take memory."""
    newest = max(revision.number for revision in family.revisions.values())
    for revision in family.revisions.values():
        if revision.number < newest:
            revision.template_json = ""


def _record(manifest: Manifest) -> Record:
    match manifest["kind"]:
        case api.KIND:
            return Parent.from_manifest(manifest)
        case "Pod":
            return Pod.from_manifest(manifest)
        case "Node":
            return Node.from_manifest(manifest)
        case "ControllerRevision":
            return Revision.from_manifest(manifest)
        case "Lease":
            return Claim.from_manifest(manifest)
        case _:
            return Child.from_manifest(manifest)


def _address(manifest: Manifest) -> tuple[ObjectId, str, int]:
    """Where an object is, its uid and its resourceVersion."""
    metadata = manifest["metadata"]
    identity = ObjectId(manifest["kind"], metadata.get("namespace") or "", metadata["name"])
    return identity, metadata.get("uid") or "", int(metadata.get("resourceVersion") or 0)


def _key(record: Record) -> Key:
    match record:
        case Parent():
            return Key(record.namespace, record.name)
        case Node():
            return Key("", record.name)
        case Claim():
            return Key(record.namespace, "")
        case _:
            return Key(record.namespace, record.service)


def _same(known: Record, record: Record) -> bool:
    """Nothing that decisions need has changed. Any write to a ModelService counts: one of ours may have lost to it."""
    return dataclasses.replace(known, resource_version=record.resource_version) == record
