"""What becomes of each child."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from modelservice_operator.blocked import being_deleted, name_conflict, predecessor
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.account import without_leftover
from modelservice_operator.preview.owned import in_words_of, owned
from modelservice_operator.preview.surroundings import Surroundings
from modelservice_operator.records.ownership import Relation, live_relation
from modelservice_operator.records.parent import Parent

Action: TypeAlias = Literal["create", "change", "adopt", "delete", "keep", "blocked", "unknown"]

CHANGES: Final[frozenset[Action]] = frozenset({"create", "change", "adopt", "delete"})
KINDS: Final = ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress")
"""Of the children that have the name of their ModelService."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child, with what of it is the operator's matter: before, and afterwards."""

    kind: str
    name: str
    action: Action
    before: Manifest | None = None
    """None where it is not there, or not known."""
    after: Manifest | None = None
    """None where it goes, or would if nothing were in the way."""
    intent: Manifest | None = None
    """What the operator will apply, where it will."""
    remark: str = ""
    """Why it is blocked."""

    @property
    def changes(self) -> bool:
        """Something of it is written."""
        return self.action in CHANGES


def children(parent: Parent, intents: Iterable[Manifest], around: Surroundings, replicas: int) -> list[Child]:
    """The children that are wanted, in the order in which they are applied, and then those that go.

    `replicas` is what the Deployment will have, by whomever.
    """
    wanted = {intent["kind"]: intent for intent in intents}
    found = [_wanted(parent, intent, around, replicas) for intent in wanted.values()]
    found += _unwanted(parent, wanted, around)
    return put_off(found) if any(child.action == "blocked" for child in found) else found


def put_off(found: Iterable[Child]) -> list[Child]:
    """The same children where one of them cannot be written: until it can, the operator cleans nothing up.

    But for an autoscaler, which lets go of the Deployment before that is applied.
    """
    return [
        replace(child, action="keep") if child.action == "delete" and child.kind != "HorizontalPodAutoscaler" else child
        for child in found
    ]


def _wanted(parent: Parent, intent: Manifest, around: Surroundings, replicas: int) -> Child:
    kind, name = intent["kind"], intent["metadata"]["name"]
    after = _with_replicas(intent, replicas)
    live = around.children.get(kind)
    if kind in around.unread:
        return Child(kind, name, "unknown", after=after, intent=intent)
    if live is None:
        return Child(kind, name, "create", after=after, intent=intent)
    relation = live_relation(parent, live)
    if remark := _obstacle(parent, live, relation):
        return Child(kind, name, "blocked", after=after, remark=remark)
    before = _with_replicas(owned(live, after), (live.get("spec") or {}).get("replicas", 1))
    spelt = in_words_of(before, after)
    told = spelt if isinstance(spelt, dict) else after
    bound = {**intent, "metadata": {**intent["metadata"], "uid": live["metadata"]["uid"]}}
    bound = without_leftover(bound, around.deployment(parent))
    action: Action = "adopt" if relation is Relation.ORPHAN else "keep" if told == before else "change"
    return Child(kind, name, action, before, told, bound)


def _obstacle(parent: Parent, live: Manifest, relation: Relation) -> str:
    """Why a live object is not written to, and what to do; empty where it is."""
    kind, name = live["kind"], live["metadata"]["name"]
    blocked = None
    if relation is Relation.FOREIGN:
        blocked = name_conflict(kind, parent.namespace, name)
    elif relation is Relation.PREDECESSOR:
        blocked = predecessor(kind, name)
    elif "deletionTimestamp" in live["metadata"]:
        blocked = being_deleted(kind, name)
    return f"{blocked.message} {blocked.remedy}" if blocked else ""


def _unwanted(parent: Parent, wanted: dict[str, Manifest], around: Surroundings) -> Iterator[Child]:
    for kind, live in around.children.items():
        ours = live_relation(parent, live) is Relation.OURS and "deletionTimestamp" not in live["metadata"]
        if kind not in wanted and ours:
            yield Child(kind, live["metadata"]["name"], "delete", before=owned(live, {}))


def _with_replicas(child: Manifest, replicas: int) -> Manifest:
    """A Deployment with the number of its pods, which an intent leaves to the autoscaler."""
    return {**child, "spec": {**child["spec"], "replicas": replicas}} if child["kind"] == "Deployment" else child
