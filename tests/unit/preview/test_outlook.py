"""What is foreseen is what happens: every case is also carried out by the operator in a world in memory."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.outlook import outlook
from modelservice_operator.runtimes.runtime import Runtime
from unit.preview.cases import (
    ARGS,
    SCALED,
    SCALING,
    actions,
    around,
    at_rest,
    bounded,
    foreseen,
    new,
    touched,
    versions,
)
from unit.world import SPEC, World

GOLDENS: Final = {
    path.parent.name: path.read_text("utf-8")
    for path in sorted((Path(__file__).parents[2] / "golden").glob("*/input.yaml"))
}
GPU: Final = "nvidia.com/gpu"


def autoscale(world: World) -> None:
    """The autoscaler does what it does without any metric."""
    autoscaler, deployment = world.api.live("HorizontalPodAutoscaler"), world.api.live("Deployment")
    if autoscaler is None or deployment is None or deployment["spec"]["replicas"] == 0:
        return
    least, most = autoscaler["spec"]["minReplicas"], autoscaler["spec"]["maxReplicas"]
    wanted = max(least, min(deployment["spec"]["replicas"], most))
    if wanted != deployment["spec"]["replicas"]:
        world.api.edit("Deployment", lambda live: live["spec"].update(replicas=wanted), manager="autoscaler")


@pytest.mark.parametrize("case", GOLDENS)
async def test_what_is_as_it_should_be_does_not_change(case: str) -> None:
    manifest = yaml.safe_load(GOLDENS[case])
    world = World(manifest["metadata"]["name"])
    world.apply(manifest["spec"])
    await world.rest()
    live = world.api.live("ModelService", world.key.name)
    assert live is not None
    found = outlook(live, live, around(world), world.runtimes)
    assert not found.changes
    assert actions(found) == {}
    assert found.stored or not found.revision


@pytest.mark.parametrize(
    ("before", "after", "becomes", "pods", "replaced"),
    [
        (SPEC, SPEC, {}, (2, 2), False),
        (SPEC, {**SPEC, "replicas": 3}, {"Deployment": "change"}, (2, 3), False),
        (SPEC, {**SPEC, "replicas": 1}, {"Deployment": "change", "PodDisruptionBudget": "delete"}, (2, 1), False),
        (SPEC, {**SPEC, "suspend": True}, {"Deployment": "change"}, (2, 0), False),
        ({**SPEC, "suspend": True}, SPEC, {"Deployment": "change"}, (0, 2), False),
        (SPEC, {**SPEC, **ARGS}, {"Deployment": "change"}, (2, 2), True),
        (SPEC, {**SPEC, **ARGS, "suspend": True}, {"Deployment": "change"}, (2, 0), False),
        (SPEC, {**SPEC, "rollout": {"restart": "now"}}, {"Deployment": "change"}, (2, 2), True),
        (SPEC, {**SPEC, "rollout": {"strategy": "Replace"}}, {"Deployment": "change"}, (2, 2), False),
        (SPEC, {**SPEC, **ARGS, "rollout": {"paused": True}}, {"Deployment": "change"}, (2, 2), False),
        (SPEC, {**SPEC, "endpoint": {"port": 8000}}, {"Service": "change"}, (2, 2), False),
        (SPEC, {**SPEC, "endpoint": {"ingress": {"host": "a.example.com"}}}, {"Ingress": "create"}, (2, 2), False),
        (SPEC, {**SPEC, "disruption": {"maxUnavailable": 2}}, {"PodDisruptionBudget": "change"}, (2, 2), False),
        (SPEC, {**SPEC, "scaling": SCALING}, {"HorizontalPodAutoscaler": "create"}, (2, 2), False),
        (
            SCALED,
            {**SPEC, "replicas": 3},
            {"HorizontalPodAutoscaler": "delete", "Deployment": "change"},
            (2, 3),
            False,
        ),
        # An autoscaler keeps to its bounds, whatever it measures.
        (SPEC, bounded(5, 8), {"HorizontalPodAutoscaler": "create"}, (2, 5), False),
        (SCALED, bounded(5, 8), {"HorizontalPodAutoscaler": "change"}, (2, 5), False),
        (SCALED, bounded(1, 1), {"HorizontalPodAutoscaler": "change", "PodDisruptionBudget": "delete"}, (2, 1), False),
        (
            SCALED,
            {**bounded(5, 8), **ARGS},
            {"HorizontalPodAutoscaler": "change", "Deployment": "change"},
            (2, 5),
            True,
        ),
        (
            SCALED,
            {**bounded(5, 8), "suspend": True},
            {"HorizontalPodAutoscaler": "change", "Deployment": "change"},
            (2, 0),
            False,
        ),
        (
            {**SCALED, "suspend": True},
            bounded(5, 8),
            {"HorizontalPodAutoscaler": "change", "Deployment": "change"},
            (0, 5),
            False,
        ),
        (SCALED, {**SCALED, "suspend": True}, {"Deployment": "change"}, (2, 0), False),
        ({**SCALED, "suspend": True}, SCALED, {"Deployment": "change"}, (0, 2), False),
    ],
)
async def test_a_change(
    before: Manifest, after: Manifest, becomes: dict[str, str], pods: tuple[int, int], replaced: bool
) -> None:
    world = await at_rest(before)
    found = foreseen(world, after)
    assert actions(found) == becomes
    assert found.pods is not None
    assert (found.pods.before, found.pods.after, found.pods.replaced) == (*pods, replaced)
    was = versions(world)
    world.apply(after)
    await world.rest()
    is_now = versions(world)
    written = touched(was, is_now)
    # Handing the number over leaves the Deployment as it was but for who holds it.
    assert written == becomes
    autoscale(world)
    await world.rest()
    is_now = versions(world)
    assert is_now["Deployment"][0]["replicas"] == pods[1]
    restarted = is_now["Deployment"][0]["template"] != was["Deployment"][0]["template"]
    assert restarted == (replaced or (found.pods.after == 0 and not found.stored))
    assert not foreseen(world, after).changes


async def test_a_new_one() -> None:
    world = World()
    found = new(world)
    assert found.before is None
    assert actions(found) == {"Deployment": "create", "Service": "create", "PodDisruptionBudget": "create"}
    assert found.pods is not None
    assert (found.pods.before, found.pods.after) == (0, 2)
    world.apply()
    await world.rest()
    assert [revision["metadata"]["name"] for revision in world.revisions()] == [found.revision]


async def test_a_new_one_with_an_autoscaler_starts_within_its_bounds() -> None:
    found = new(World(), {**SPEC, "replicas": 9, "scaling": SCALING})
    assert found.pods is not None
    assert found.pods.after == 4
    assert found.most_pods == 4


async def test_devices_count_the_pods_that_the_autoscaler_starts() -> None:
    found = foreseen(await at_rest(SCALED), {**bounded(5, 8), **ARGS})
    assert found.devices is not None
    assert (found.devices.now, found.devices.peak, found.devices.after) == ({GPU: 2}, {GPU: 6}, {GPU: 5})
    assert found.most_pods == 8


async def test_a_suspended_autoscaler_asks_for_nothing() -> None:
    assert foreseen(await at_rest(SCALED), {**SCALED, "suspend": True}).most_pods is None


async def test_a_newer_operator_changes_nothing_by_itself_and_is_named_with_the_next_change() -> None:
    world = await at_rest()
    vllm = world.runtimes["vllm"]
    newer = vllm.model_copy(update={"image": {**vllm.image, "nvidia": "vllm/vllm-openai:next"}})
    world.runtimes = {**world.runtimes, "vllm": newer}
    assert not foreseen(world, SPEC).changes
    (note,) = foreseen(world, {**SPEC, **ARGS}).notes
    assert "rendered by another version of the operator" in note
    assert "spec.containers[server].image" in note


async def test_a_change_by_the_same_version_needs_no_such_note() -> None:
    world = await at_rest()
    assert foreseen(world, {**SPEC, **ARGS}).notes == ()


async def test_a_pull_policy_that_was_left_out_and_is_the_default_is_no_such_change() -> None:
    world = await at_rest()
    there = around(world)
    for revision in there.revisions:
        for container in revision["data"]["template"]["spec"]["containers"]:
            del container["imagePullPolicy"]
    live = world.api.live("ModelService")
    assert live is not None
    assert outlook(live, {**live, "spec": {**SPEC, **ARGS}}, there, world.runtimes).notes == ()


@pytest.mark.parametrize(
    "accounts",
    [
        {"serviceAccountName": "reader"},
        {"podTemplate": {"spec": {"serviceAccountName": "reader"}}},
        {"podTemplate": {"spec": {"serviceAccount": "reader"}}},
        {"serviceAccountName": "reader", "podTemplate": {"spec": {"serviceAccount": "writer"}}},
    ],
)
async def test_an_account_is_the_same_under_either_name(accounts: Manifest) -> None:
    world = await at_rest({**SPEC, **accounts})
    assert world.child("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "reader"
    assert not foreseen(world, {**SPEC, **accounts}).changes
    mark = len(world.api.requests)
    await world.restart()
    await world.settle()
    assert world.api.writes(mark) == []
    removed = foreseen(world, SPEC)
    assert removed.pods is not None
    assert removed.pods.replaced


async def test_an_account_that_someone_else_gave_goes_with_the_next_revision() -> None:
    world = await at_rest()

    def account() -> object:
        return world.child("Deployment")["spec"]["template"]["spec"].get("serviceAccountName")

    world.api.edit("Deployment", lambda live: live["spec"]["template"]["spec"].update(serviceAccountName="theirs"))
    await world.rest()
    more = {**SPEC, "replicas": 3}
    found = foreseen(world, more)
    assert found.pods is not None
    assert not found.pods.replaced
    world.apply(more)
    await world.rest()
    assert account() == "theirs"
    world.apply({**more, **ARGS})
    await world.rest()
    assert account() is None


async def test_a_lost_revision_is_read_from_the_pods() -> None:
    world = await at_rest()
    (revision,) = world.revisions()
    world.api.remove("ControllerRevision", revision["metadata"]["name"])
    runtime: Runtime = world.runtimes["vllm"]
    newer = runtime.model_copy(update={"image": {**runtime.image, "nvidia": "vllm/vllm-openai:next"}})
    world.runtimes = {**world.runtimes, "vllm": newer}
    assert not foreseen(world, SPEC).changes


async def test_going_back_takes_the_stored_pods() -> None:
    world = await at_rest()
    first = world.revisions()[0]["metadata"]["name"]
    world.apply({**SPEC, **ARGS})
    await world.rest()
    found = foreseen(world, SPEC)
    assert (found.revision, found.stored) == (first, True)
    assert found.notes == ("This revision is stored: its pods will be exactly what they were.",)


async def test_a_paused_change_waits() -> None:
    world = await at_rest()
    paused = {**SPEC, **ARGS, "rollout": {"paused": True}}
    found = foreseen(world, paused)
    assert found.pods is not None
    assert (found.pods.replaced, found.pods.waits) == (False, True)
    world.apply(paused)
    await world.rest()
    released = foreseen(world, {**SPEC, **ARGS}).pods
    assert released is not None
    assert (released.replaced, released.waits) == (True, False)


async def test_what_the_operator_refuses() -> None:
    found = foreseen(await at_rest(), {**SPEC, "model": {"uri": "hf://a/b-GGUF@main"}})
    assert found.children == ()
    (problem,) = found.problems
    assert "The API server takes it" in problem


async def test_one_that_is_being_deleted() -> None:
    world = await at_rest()
    live = world.api.live("ModelService")
    assert live is not None
    live["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    found = outlook(live, live, around(world), world.runtimes)
    assert "being deleted" in found.problems[0]


async def test_labels_of_the_service_change_no_child() -> None:
    world = await at_rest()
    live = world.api.live("ModelService")
    assert live is not None
    labelled = {**live, "metadata": {**live["metadata"], "labels": {"team": "search"}}}
    found = outlook(live, labelled, around(world), world.runtimes)
    assert found.changes
    assert actions(found) == {}


async def test_who_has_the_number_of_pods_is_said() -> None:
    world = await at_rest()
    assert "from 1 to 4" in foreseen(world, {**SPEC, "scaling": SCALING}).notes[0]
    world.apply({**SPEC, "scaling": SCALING})
    await world.rest()
    assert foreseen(world, SPEC).notes == ("The autoscaler goes, and spec.replicas counts again: 2.",)


async def test_orphans_are_adopted() -> None:
    world = await at_rest()
    children = around(world).children
    for manifest in (*children.values(), *world.revisions()):
        world.api.edit(
            manifest["kind"], lambda live: live["metadata"].pop("ownerReferences"), manifest["metadata"]["name"]
        )
    found = new(world)
    assert set(actions(found).values()) == {"adopt"}
    assert found.pods is not None
    assert not found.pods.replaced
    assert "Deployment qwen has no owner and the labels of this ModelService: it is adopted." in found.notes
