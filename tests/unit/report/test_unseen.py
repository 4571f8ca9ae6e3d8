"""What the status knows nothing of. The operator brings everything about in a world in memory, and then is away."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.surroundings import Surroundings
from modelservice_operator.report.reading import Reading
from modelservice_operator.report.report import Report, report
from modelservice_operator.report.text import report_text
from unit.diagnose.builders import NOW, at
from unit.preview.cases import SCALED, around, at_rest
from unit.preview.test_outlook import GOLDENS
from unit.world import SPEC, World

BEFORE = "The status is from before and says ReplicasReady."


def read(world: World, there: Surroundings | None = None) -> Reading:
    there = there or around(world)
    parent = world.parent()
    return Reading(parent, there.deployment(parent), around=there)


def told(world: World, there: Surroundings | None = None) -> Report:
    return report(read(world, there), NOW)


def first(found: Report) -> tuple[str, str]:
    return (found.problems[0].reason, found.problems[0].message) if found.problems else ("", "")


def image(live: Manifest) -> None:
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/other:1"


def delete(kind: str) -> Callable[[World], object]:
    return lambda world: world.api.remove(kind, world.key.name)


def edit(kind: str, change: Callable[[Manifest], None]) -> Callable[[World], object]:
    return lambda world: world.api.edit(kind, change, world.key.name)


def serving(world: World, ready: int) -> None:
    status = world.child("Deployment")["status"] | {"readyReplicas": ready, "availableReplicas": ready}
    world.api.set_status("Deployment", status, world.key.name)


@pytest.mark.parametrize("case", GOLDENS)
async def test_no_status_of_a_golden_is_outdated(case: str) -> None:
    manifest = yaml.safe_load(GOLDENS[case])
    world = World(manifest["metadata"]["name"])
    world.apply(manifest["spec"])
    await world.rest()
    assert told(world).reason != "StatusOutdated"


async def test_no_status_of_a_paused_rollout_is_outdated() -> None:
    world = await at_rest()
    world.apply({**SPEC, "runtime": {"args": ["--max-model-len=8192"]}, "rollout": {"paused": True}})
    await world.rest()
    assert (told(world).reason, told(world).problems) == ("RolloutPaused", ())


@pytest.mark.parametrize("spec", [SPEC, SCALED, {**SPEC, "suspend": True}, {**SPEC, "replicas": 0}])
async def test_what_is_as_the_status_says(spec: Manifest) -> None:
    found = told(await at_rest(spec))
    assert (found.ready, found.problems) == ("True", ())


@pytest.mark.parametrize(
    ("spec", "happens", "message"),
    [
        (SPEC, delete("Deployment"), "Deployment qwen does not exist."),
        (SPEC, delete("Service"), "Service qwen does not exist."),
        (SCALED, delete("HorizontalPodAutoscaler"), "HorizontalPodAutoscaler qwen does not exist."),
        (
            SPEC,
            edit("Deployment", image),
            "Deployment qwen was changed by someone else: spec.template.spec.containers[server].image.",
        ),
        (
            SPEC,
            edit("Deployment", lambda live: live["spec"].update(replicas=1)),
            "Deployment qwen was changed by someone else: spec.replicas.",
        ),
        (
            SPEC,
            edit("Service", lambda live: live["spec"]["selector"].update(color="blue")),
            "Service qwen was changed by someone else: spec.selector.",
        ),
        (SPEC, lambda world: serving(world, 1), "1 of 2 pods is ready."),
        (SPEC, lambda world: serving(world, 0), "0 of 2 pods are ready."),
        (SCALED, lambda world: serving(world, 0), "0 of 1 pod is ready."),
    ],
)
async def test_what_happened_while_the_operator_was_away(
    spec: Manifest, happens: Callable[[World], object], message: str
) -> None:
    world = await at_rest(spec if spec is SPEC else {**spec, "replicas": 1})
    happens(world)
    found = told(world)
    assert first(found) == ("StatusOutdated", f"{message} {BEFORE}")
    assert (found.ready, found.reason) == ("Unknown", "StatusOutdated")
    lines = report_text(found, NOW, 80).split("\n")
    assert lines[0] == "qwen in ml waits for the operator: StatusOutdated"
    assert "is ready:" not in "\n".join(lines)
    assert "    kubectl get deployments -A -l app.kubernetes.io/name=modelservice-operator" in lines


async def test_a_child_that_is_in_the_way() -> None:
    world = await at_rest()
    there = around(world)
    there.children["Service"]["metadata"]["deletionTimestamp"] = NOW
    assert first(told(world, there))[1].startswith("Service qwen is being deleted. Wait: it is created anew")
    there.children["Service"]["metadata"] = {"name": "qwen", "namespace": "ml"}
    assert first(told(world, there))[1].startswith("Service ml/qwen exists and does not belong to this ModelService;")


async def test_everything_is_said_in_one_breath() -> None:
    world = await at_rest()
    delete("Service")(world)
    edit("Deployment", image)(world)
    serving(world, 0)
    changed = "Deployment qwen was changed by someone else: spec.template.spec.containers[server].image."
    assert first(told(world))[1] == f"{changed} Service qwen does not exist. 0 of 2 pods are ready. {BEFORE}"


async def test_pods_that_became_ready_meanwhile() -> None:
    world = World()
    world.apply()
    await world.settle()
    assert told(world).problems == ()
    world.roll_out()
    assert first(told(world)) == (
        "StatusOutdated",
        "2 of 2 pods are ready. The status is from before and says Applying.",
    )


async def test_pods_that_come_and_go_are_no_contradiction() -> None:
    world = World()
    world.apply()
    await world.settle()
    world.roll_out()
    serving(world, 1)
    assert told(world).problems == ()
    scaled = await at_rest({**SCALED, "replicas": 3})
    serving(scaled, 2)
    assert told(scaled).problems == ()


async def test_a_spec_that_nobody_has_looked_at() -> None:
    world = await at_rest()
    world.apply({**SPEC, "runtime": {"args": ["--max-model-len=8192"]}})
    found = told(world)
    generations = "The spec is at generation 2, and the operator has looked at generation 1."
    assert first(found) == ("StatusOutdated", f"{generations} {BEFORE}")
    # What the new spec wants more of is no loss.
    world.apply({**SPEC, "scaling": SCALED["scaling"]})
    delete("Service")(world)
    generations = "The spec is at generation 3, and the operator has looked at generation 1."
    assert first(told(world))[1] == f"{generations} Service qwen does not exist. {BEFORE}"


async def test_a_spec_of_before_is_no_change_by_someone_else() -> None:
    world = await at_rest()
    world.apply({**SPEC, "runtime": {"args": ["--max-model-len=8192"]}})
    await world.rest()
    world.apply(SPEC)
    generations = "The spec is at generation 3, and the operator has looked at generation 2."
    assert first(told(world)) == ("StatusOutdated", f"{generations} {BEFORE}")


async def test_a_service_that_nobody_has_looked_at() -> None:
    world = World()
    world.apply()
    found = report(replace(read(world), parent=replace(world.parent(), created_at=at(60))), NOW)
    assert first(found) == ("StatusOutdated", "It has no status of the operator's yet.")
    assert report_text(found, NOW, 80).split("\n")[:7] == [
        "qwen in ml waits for the operator: StatusOutdated, for 4m",
        "  It has no status of the operator's yet.",
        "  → Ask again in a moment. If this stays, see whether the operator runs and",
        "    watches namespace ml:",
        "    kubectl get deployments -A -l app.kubernetes.io/name=modelservice-operator",
        "",
        "Model     hf://Qwen/Qwen3-8B",
    ]


async def test_a_service_that_is_being_deleted() -> None:
    world = await at_rest()
    delete("Deployment")(world)
    found = report(replace(read(world), parent=replace(world.parent(), deleting=True, generation=2)), NOW)
    assert first(found) == ("BeingDeleted", "It is being deleted: the operator does nothing for it any more.")
    assert report_text(found, NOW, 80).startswith("qwen in ml is being deleted: BeingDeleted\n")


async def test_what_the_status_says_itself_is_not_said_twice() -> None:
    world = World()
    service = {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "qwen"}, "spec": {"ports": [{"port": 80}]}}
    world.api.put(service)
    world.apply()
    await world.rest()
    assert [problem.reason for problem in told(world).problems] == ["NameConflict"]


async def test_what_another_version_wants_otherwise_is_no_change() -> None:
    world = await at_rest()

    def of_another_version(live: Manifest) -> None:
        live["spec"]["progressDeadlineSeconds"] = 17
        live["metadata"]["annotations"]["modelservice.dev/applied-hash"] = "of another intent"

    edit("Deployment", of_another_version)(world)
    assert told(world).problems == ()
    edit("Deployment", image)(world)
    there = around(world)
    assert "spec.template.spec.containers[server].image" in first(told(world, there))[1]
    # Without the right to read the stored pod templates it is not known what the pods should be.
    blind = replace(there, revisions=[], unread=frozenset({"ControllerRevision"}))
    assert told(world, blind).problems == ()
    labels = there.children["Deployment"]["spec"]["template"]["metadata"]["labels"]
    labels["modelservice.dev/revision"] = "of-another-rule"
    assert told(world, blind).problems == ()


async def test_what_an_admission_policy_makes_of_an_apply_is_no_change() -> None:
    """It is still the operator's, as managedFields has it."""
    world = await at_rest()
    there = around(world)
    image(there.children["Deployment"])
    assert told(world, there).problems == ()


async def test_what_may_not_be_read_is_taken_to_be_as_it_should_be() -> None:
    world = await at_rest()
    delete("Service")(world)
    assert told(world, around(world, unread=frozenset({"Service"}))).problems == ()


async def test_a_spec_of_which_nothing_follows() -> None:
    for spec in ({"replicas": "many"}, {**SPEC, "runtime": {"name": "nope"}}):
        world = World()
        world.apply(spec)
        await world.rest()
        assert "StatusOutdated" not in {problem.reason for problem in told(world).problems}
