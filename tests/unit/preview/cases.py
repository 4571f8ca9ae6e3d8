"""A world at rest, and the outlook on a change of it."""

from typing import Any, Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.children import KINDS
from modelservice_operator.preview.outlook import Outlook, outlook
from modelservice_operator.preview.surroundings import Surroundings
from unit.world import SPEC, World

SCALING: Final[Manifest] = {"maxReplicas": 4, "targets": [{"type": "CPUUtilization", "value": "80"}]}
SCALED: Final[Manifest] = {**SPEC, "scaling": SCALING}
ARGS: Final[Manifest] = {"runtime": {"args": ["--max-model-len=8192"]}}


async def at_rest(spec: Manifest = SPEC) -> World:
    """A ModelService whose children are there."""
    world = World()
    world.apply(spec)
    await world.rest()
    return world


def around(world: World, *, unread: frozenset[str] = frozenset()) -> Surroundings:
    """What there is to be read."""
    name = world.key.name
    found = {kind: live for kind in KINDS if (live := world.api.live(kind, name)) is not None}
    children = {kind: live for kind, live in found.items() if kind not in unread}
    return Surroundings(children, world.api.objects("ControllerRevision"), unread)


def foreseen(world: World, spec: Manifest, *, unread: frozenset[str] = frozenset()) -> Outlook:
    """What follows when the ModelService gets this spec."""
    live = world.api.live("ModelService", world.key.name)
    assert live is not None
    return outlook(live, {**live, "spec": {"replicas": 1, **spec}}, around(world, unread=unread), world.runtimes)


def new(world: World, spec: Manifest = SPEC) -> Outlook:
    """What follows when a ModelService that is not there is created with this spec."""
    metadata = {"name": world.key.name, "namespace": world.key.namespace, "uid": "of-a-dry-run"}
    manifest = {"apiVersion": "modelservice.dev/v1alpha1", "kind": "ModelService", "metadata": metadata}
    return outlook(None, {**manifest, "spec": {"replicas": 1, **spec}}, around(world), world.runtimes)


def bounded(least: int, most: int) -> Manifest:
    return {**SPEC, "scaling": {**SCALING, "minReplicas": least, "maxReplicas": most}}


def actions(found: Outlook) -> dict[str, str]:
    return {child.kind: child.action for child in found.children if child.action != "keep"}


def versions(world: World) -> dict[str, Any]:
    """What tells whether a child was written."""
    kinds = ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress")
    lives = {kind: world.api.live(kind) for kind in kinds}
    return {kind: (live["spec"], live["metadata"]["uid"]) for kind, live in lives.items() if live is not None}


def touched(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    became = {kind: "delete" for kind in before if kind not in after}
    return became | {
        kind: "change" if kind in before else "create" for kind in after if before.get(kind) != after[kind]
    }
