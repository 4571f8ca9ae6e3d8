"""A world at rest, and the outlook on a change of it."""

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.children import KINDS
from modelservice_operator.preview.outlook import Outlook, outlook
from modelservice_operator.preview.surroundings import Surroundings
from unit.world import SPEC, World


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
