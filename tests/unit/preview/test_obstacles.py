"""What is in the way of a change, or cannot be read."""

from modelservice_operator.preview.outlook import outlook
from modelservice_operator.preview.surroundings import Surroundings
from unit.preview.cases import ARGS, SCALED, actions, around, at_rest, bounded, foreseen, new, touched, versions
from unit.world import SPEC, World


async def test_a_foreign_autoscaler_keeps_to_no_bounds_of_ours() -> None:
    world = await at_rest()
    world.api.put(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "qwen"}, "spec": {}}
    )
    found = foreseen(world, bounded(5, 8))
    assert actions(found)["HorizontalPodAutoscaler"] == "blocked"
    assert found.pods is not None
    assert found.pods.after == 2


async def test_a_foreign_object_is_in_the_way() -> None:
    world = World()
    world.api.put(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "qwen"}, "spec": {"ports": [{"port": 80}]}}
    )
    found = new(world)
    assert actions(found)["Service"] == "blocked"
    (problem,) = found.problems
    assert problem.startswith("Service ml/qwen exists and does not belong to this ModelService")


async def test_nothing_but_the_autoscaler_goes_while_something_is_in_the_way() -> None:
    world = await at_rest(SCALED)
    world.api.put({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "qwen"}, "spec": {}})
    after = {**SPEC, "replicas": 1, "endpoint": {"ingress": {"host": "a.example.com"}}}
    found = foreseen(world, after)
    becomes = {"Deployment": "change", "HorizontalPodAutoscaler": "delete"}
    assert actions(found) == {**becomes, "Ingress": "blocked"}
    assert "PodDisruptionBudget qwen is no longer wanted: it is deleted once the problem is solved." in found.notes
    was = versions(world)
    world.apply(after)
    await world.rest()
    assert touched(was, versions(world)) == becomes


async def test_a_predecessors_child_is_waited_for() -> None:
    world = await at_rest()
    found = new(world)
    assert set(actions(found).values()) == {"blocked"}
    assert found.pods is None
    assert all("deleted ModelService of the same name" in problem for problem in found.problems)


async def test_what_cannot_be_read_is_unknown() -> None:
    found = foreseen(await at_rest(), {**SPEC, **ARGS}, unread=frozenset({"Deployment"}))
    assert actions(found) == {"Deployment": "unknown"}
    assert (found.pods, found.devices) == (None, None)
    assert "What changes in Deployment qwen is not known: it cannot be read." in found.notes


async def test_revisions_that_cannot_be_read_are_told_by_the_pods() -> None:
    world = await at_rest()
    vllm = world.runtimes["vllm"]
    newer = vllm.model_copy(update={"image": {**vllm.image, "nvidia": "vllm/vllm-openai:next"}})
    live = world.api.live("ModelService")
    assert live is not None
    seen = Surroundings(around(world).children, [], frozenset({"ControllerRevision"}))
    assert not outlook(live, live, seen, {**world.runtimes, "vllm": newer}).changes
