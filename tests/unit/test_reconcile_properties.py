"""The reconcile as a whole: it comes to rest, and ends in the same state whatever happens meanwhile."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from modelservice_operator import api, diff
from modelservice_operator.api.status import ModelServiceStatus
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.cluster.store import Store
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from unit.fake_api import Failure
from unit.plan.test_properties import specs
from unit.world import SPEC, World, kinds, watched

SCALING: Final[Manifest] = {
    "minReplicas": 2,
    "maxReplicas": 5,
    "targets": [{"type": "CPUUtilization", "value": "80"}],
}
SPECS: Final[list[Manifest]] = [
    SPEC,
    {**SPEC, "runtime": {"args": ["--max-model-len=8192"], "env": [{"name": "EMPTY", "value": ""}]}},
    {**SPEC, "replicas": 0, "endpoint": {"port": 8080}},
    {**SPEC, "suspend": True, "rollout": {"revisionHistoryLimit": 0}},
    {**SPEC, "scaling": SCALING, "endpoint": {"ingress": {"host": "m.example.com"}}},
    {**SPEC, "scaling": SCALING, "suspend": True},
]

CHILDREN: Final = ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress")
"""In the order in which they are applied."""


# Edits by others. An object that loses its labels and its owner is not ours any more, so only one of the two.


def replicas(live: Manifest) -> None:
    live["spec"]["replicas"] = 7


def image(live: Manifest) -> None:
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/other:1"


def port(live: Manifest) -> None:
    live["spec"]["ports"][0]["port"] += 1


def selector(live: Manifest) -> None:
    live["spec"]["selector"] = {"app": "other"}


def annotate(live: Manifest) -> None:
    live["metadata"].setdefault("annotations", {})["example.com/note"] = "theirs"


def unhash(live: Manifest) -> None:
    live["metadata"].get("annotations", {}).pop(names.APPLIED_HASH, None)


def unlabel(live: Manifest) -> None:
    live["metadata"].get("labels", {}).pop(names.MANAGED_BY, None)


def disown(live: Manifest) -> None:
    live["metadata"].pop("ownerReferences", None)


def renumber(live: Manifest) -> None:
    live["revision"] += 5


def keep(live: Manifest) -> None:
    live["metadata"]["finalizers"] = ["example.com/keep"]


def release(live: Manifest) -> None:
    live["metadata"].pop("finalizers", None)


EDITS: Final[dict[str, list[Callable[[Manifest], None]]]] = {
    "Deployment": [replicas, image, annotate, unhash],
    "Service": [port, selector, annotate, unhash],
    "ControllerRevision": [renumber, annotate],
}
TRANSIENT: Final = [
    Failure(status, retry_after=1.0 if status == 429 else None) for status in (0, 401, 403, 429, 500, 503)
]
LOST_ANSWER: Final = [Failure(status, applied=True) for status in (0, 500, 504)]
ASIDE: Final = ["roll out", "start", "wait", "restart", "work", "recreate", "collect garbage"]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """What happens to a ModelService, step by step."""
    lost = draw(st.sampled_from([unlabel, disown]))
    edits = [(kind, change) for kind, changes in EDITS.items() for change in (*changes, lost)]
    step = st.one_of(
        st.tuples(st.just("spec"), st.sampled_from(SPECS)),
        st.tuples(st.just("edit"), st.tuples(st.sampled_from(edits), st.integers(0, 3))),
        st.tuples(st.sampled_from(["delete", "hold"]), st.tuples(st.sampled_from(list(EDITS)), st.integers(0, 3))),
        st.tuples(st.sampled_from(["deliver", "repeat", "lose"]), st.integers(0, 30)),
        st.tuples(st.just("turn"), st.lists(st.sampled_from([None, None, None, *TRANSIENT, *LOST_ANSWER]), max_size=6)),
        st.tuples(st.just("turn"), st.just([])),
        st.tuples(st.sampled_from(ASIDE), st.none()),
    )
    return draw(st.lists(step, max_size=25))


async def happen(world: World, step: str, what: Any) -> None:
    match step:
        case "turn":
            world.api.hiccups = iter(what)
            await world.turn()
            world.api.recover()
        case "work":
            for _ in range(4):
                world.deliver()
                await world.turn()
                world.seconds += 1.0
        case "restart":
            await world.restart()
        case "deliver" | "repeat" | "lose":
            told(world, step, what)
        case "wait":
            world.seconds += 2.0
        case _:
            others(world, step, what)


def others(world: World, step: str, what: Any) -> None:
    """What people and controllers do."""
    match step:
        case "spec":
            world.apply(what)
        case "edit":
            (kind, change), which = what
            world.api.edit(kind, change, some(world, kind, which))
        case "hold":
            world.api.edit(what[0], keep, some(world, *what))
        case "delete":
            world.api.remove(what[0], some(world, *what))
        case "recreate":
            world.api.remove(api.KIND)
            world.apply(uid="")
        case "collect garbage":
            world.api.collect_garbage()
        case "roll out" | "start":
            world.roll_out(available=step == "roll out")


def some(world: World, kind: str, which: int) -> str:
    """The name of one of the objects of a kind; one that does not exist where there is none."""
    found = [live["metadata"]["name"] for live in world.api.objects(kind)]
    return found[which % len(found)] if found else ""


def told(world: World, step: str, which: int) -> None:
    """A watch tells one thing, in any order: once, more often, or never."""
    pending = world.gather()
    if pending:
        event = pending[which % len(pending)]
        if step != "repeat":
            pending.remove(event)
        if step != "lose":
            world.process.take(event)


async def quiet(world: World) -> None:
    """Reconciled again, and by a fresh process: no request that writes."""
    mark = len(world.api.requests)
    await world.turn()
    await world.restart()
    await world.rest(patience=60.0)
    assert world.api.writes(mark) == []


def converged(world: World) -> None:
    """The children are those of the plan and ours, the status is true, and the store knows what there is."""
    intents = world.intents()
    for intent in intents:
        live = world.child(intent["kind"])
        assert diff.difference(live, intent) is None
        assert live["metadata"]["annotations"][names.APPLIED_HASH] == diff.intent_hash(intent)
    there = [live for kind in CHILDREN for live in world.api.objects(kind)]
    assert kinds(there) == kinds(intents)
    desired = world.desired()
    for live in [*there, desired]:
        assert [owner["uid"] for owner in live["metadata"]["ownerReferences"]] == [world.parent().uid]
    true(world, desired["metadata"]["name"])
    assert known(world.process.store) == {
        (live["kind"], live["metadata"]["name"]): int(live["metadata"]["resourceVersion"])
        for kind in (api.KIND, *CHILDREN, "ControllerRevision")
        for live in world.api.objects(kind)
        if watched(live, BY_KIND[kind].selector)
    }


def true(world: World, desired: str) -> None:
    """The status says what is the case when everything is rolled out."""
    spec, status = world.parent().spec, world.status
    ModelServiceStatus.model_validate(status)
    scaled = world.child("Deployment")["spec"]["replicas"] if spec.get("scaling") else spec["replicas"]
    wanted = 0 if spec.get("suspend") else scaled
    assert status["observedGeneration"] == world.parent().generation
    assert (status["ready"], status["replicas"]) == (f"{wanted}/{wanted}", wanted)
    assert status["revision"]["desired"] == desired
    assert world.condition("Ready") == (
        "True",
        "Suspended" if spec.get("suspend") else "ReplicasReady" if wanted else "ScaledToZero",
    )
    assert "problems" not in status
    assert wanted == 0 or status["revision"]["serving"] == desired


def known(store: Store) -> dict[tuple[str, str], int]:
    return {(identity.kind, identity.name): record.resource_version for identity, record in store._records.items()}


@settings(max_examples=100)
@given(st.booleans(), histories())
def test_whatever_happens_it_ends_in_the_same_state(running: bool, history: list[tuple[str, Any]]) -> None:
    """Events in any order, lost or repeated; edits by others; failures, also of requests that took effect."""

    async def play() -> None:
        world = World()
        world.apply()
        if running:
            await world.rest()
        for step, what in history:
            await happen(world, step, what)
        for kind in EDITS:
            for live in world.api.objects(kind):
                world.api.edit(kind, release, live["metadata"]["name"])
        world.api.collect_garbage()
        await world.heal()
        await world.rest(patience=60.0)
        converged(world)
        await quiet(world)

    asyncio.run(play())


@settings(max_examples=100)
@given(specs)
def test_every_accepted_spec_comes_about_or_is_explained(spec: Manifest) -> None:
    async def play() -> None:
        world = World()
        world.apply(spec)
        await world.rest()
        if world.condition("Stalled")[0] == "True":
            assert world.condition("Ready") in [("False", "InvalidSpec"), ("False", "InvalidPodTemplate")]
            assert world.status["problems"][0]["message"].startswith("spec.")
            assert world.api.objects("Deployment") == []
        elif world.condition("Reconciling") != ("True", "RolloutPaused"):
            converged(world)
        await quiet(world)

    asyncio.run(play())


@settings(max_examples=60)
@given(histories(), st.booleans())
def test_a_deleted_model_service_gets_nothing(history: list[tuple[str, Any]], held: bool) -> None:
    """Neither while a finalizer of someone holds it, nor when it is gone, whatever becomes of its children."""

    async def play() -> None:
        world = World()
        world.apply()
        await world.rest()
        if held:
            world.api.edit(api.KIND, keep)
        world.api.remove(api.KIND)
        world.deliver()
        mark = len(world.api.requests)
        for step, what in history:
            if step not in {"spec", "recreate"}:
                await happen(world, step, what)
        await world.settle()
        assert world.api.writes(mark) == []

    asyncio.run(play())
