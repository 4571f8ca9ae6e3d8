"""The revisions: a template is rendered once, found again, rebuilt when lost, and pruned when old."""

from collections.abc import Callable
from typing import Final

import pytest

from modelservice_operator.api.read import read_spec
from modelservice_operator.blocked import Blocked
from modelservice_operator.cluster.errors import ApiError
from modelservice_operator.cluster.revisions import MAX_COLLISIONS
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.revision import inputs, revision_hash
from modelservice_operator.runtimes.catalogue import builtin
from unit.fake_api import Failure
from unit.world import SPEC, World, our_labels, owned_by


def restarted(when: str) -> Manifest:
    return {**SPEC, "rollout": {"restart": when}}


FIRST: Final = restarted("1")
SECOND: Final = restarted("2")


class Stage:
    """The ModelService `qwen`, and its revisions."""

    def __init__(self) -> None:
        self.world = World()
        self.api = self.world.api
        self.world.apply()
        self.world.deliver()

    async def desired(self, spec: Manifest = SPEC) -> tuple[str, Manifest]:
        """The name of the revision that a spec asks for, and its template."""
        revisions = self.world.process.reconciler._revisions
        revision, template = await revisions.desired(self.world.parent(), read_spec(spec, "qwen"))
        return revision.name, template

    async def ask(self, spec: Manifest = SPEC) -> tuple[str, list[str]]:
        """What came of it, `ok` or a reason, and the requests that it took."""
        mark = len(self.api.requests)
        outcome = "ok"
        try:
            await self.desired(spec)
        except Blocked as blocked:
            outcome = str(blocked.reason)
        return outcome, [f"{request.verb} {request.kind}" for request in self.api.requests[mark:]]

    async def prune(self, limit: int, *keep: str) -> None:
        spec = read_spec({**SPEC, "rollout": {"revisionHistoryLimit": limit}}, "qwen")
        await self.world.process.reconciler._revisions.prune(self.world.parent(), spec, keep)

    def numbers(self) -> dict[str, int]:
        """Every live revision, by its name."""
        return {live["metadata"]["name"]: live["revision"] for live in self.world.revisions()}


def name(spec: Manifest = SPEC, collisions: int = 0) -> str:
    return names.revision_name("qwen", revision_hash(inputs("qwen", read_spec(spec, "qwen")), collisions))


CREATE: Final = "create ControllerRevision"
GET: Final = "get ControllerRevision"
PATCH: Final = "patch ControllerRevision"


async def test_a_template_is_stored_once_and_found_again() -> None:
    stage = Stage()
    assert await stage.ask() == ("ok", [CREATE])
    assert await stage.ask() == ("ok", []), "the answer is known without a watch"
    found, template = await stage.desired()
    assert found == name()
    (live,) = stage.world.revisions()
    assert live["data"]["template"] == template
    assert live["metadata"]["ownerReferences"] == owned_by("uid-ms")
    await stage.world.restart()
    assert await stage.ask() == ("ok", [])
    assert await stage.desired() == (found, template)


async def test_every_new_revision_has_the_next_number() -> None:
    stage = Stage()
    for spec in (FIRST, SECOND, SPEC):
        await stage.desired(spec)
    assert stage.numbers() == {name(FIRST): 1, name(SECOND): 2, name(SPEC): 3}


async def test_going_back_takes_the_stored_template_and_makes_it_the_newest() -> None:
    """A newer operator would render it otherwise, but nothing is rendered."""
    stage = Stage()
    _, template = await stage.desired(FIRST)
    await stage.desired(SECOND)
    other = {"nvidia": "vllm/vllm-openai:v9"}
    stage.world.runtimes = {"vllm": builtin()["vllm"].model_copy(update={"image": other})}
    await stage.world.restart()
    assert await stage.ask(FIRST) == ("ok", [PATCH])
    assert await stage.desired(FIRST) == (name(FIRST), template)
    assert stage.numbers() == {name(SECOND): 2, name(FIRST): 3}
    assert await stage.ask(FIRST) == ("ok", []), "it is the newest now"


async def test_what_nothing_can_serve_is_not_stored() -> None:
    stage = Stage()
    with pytest.raises(PlanError):
        await stage.desired({"model": {"uri": "hf://Qwen/Qwen3-8B:Q4_K_M"}, "runtime": {"name": "vllm"}})
    assert stage.api.writes() == []


async def test_a_lost_revision_is_rebuilt_from_what_runs() -> None:
    """With what others put into the running template: anything else would restart the pods."""
    stage = Stage()
    await stage.world.rest()
    annotations = {"sidecar.example.com/inject": "true"}
    stage.api.edit("Deployment", lambda live: live["spec"]["template"]["metadata"].update(annotations=annotations))
    running = stage.world.child("Deployment")["spec"]["template"]
    stage.api.remove("ControllerRevision", name())
    stage.world.deliver()
    assert await stage.ask() == ("ok", ["get Deployment", CREATE])
    _, template = await stage.desired()
    assert template["metadata"]["annotations"] == annotations
    assert template["spec"] == running["spec"]
    assert template["metadata"]["labels"][names.REVISION] == name().removeprefix("qwen-")
    await stage.world.rest()
    assert stage.world.child("Deployment")["spec"]["template"] == running


@pytest.mark.parametrize("gone", ["deleted", "foreign", "another template"])
async def test_a_lost_revision_is_rendered_where_nothing_runs(gone: str) -> None:
    stage = Stage()
    _, rendered = await stage.desired()
    await stage.world.rest()
    stage.api.remove("ControllerRevision", name())
    stage.world.deliver()
    change: dict[str, Callable[[Manifest], None]] = {
        "foreign": lambda live: live["metadata"].update(ownerReferences=owned_by("uid-chat", "chat")),
        "another template": lambda live: live["spec"]["template"]["metadata"]["labels"].update(
            {names.REVISION: "other"}
        ),
    }
    if gone == "deleted":
        stage.api.remove("Deployment")
    else:
        stage.api.edit("Deployment", change[gone])
    assert await stage.ask() == ("ok", ["get Deployment", CREATE])
    assert (await stage.desired())[1] == rendered


async def test_a_template_that_was_let_go_is_read_again() -> None:
    """Only the newest revision has its template in memory."""
    stage = Stage()
    _, first = await stage.desired(FIRST)
    await stage.desired(SECOND)
    stage.api.remove("ControllerRevision", name(SECOND))
    stage.world.deliver()
    assert await stage.ask(FIRST) == ("ok", [GET])
    assert await stage.ask(FIRST) == ("ok", [])
    assert (await stage.desired(FIRST))[1] == first


async def test_a_template_that_was_let_go_and_is_gone_is_rendered_again() -> None:
    stage = Stage()
    _, first = await stage.desired(FIRST)
    await stage.desired(SECOND)
    stage.api.remove("ControllerRevision", name(SECOND))
    stage.world.deliver()
    stage.api.remove("ControllerRevision", name(FIRST))
    with pytest.raises(ApiError) as caught:
        await stage.desired(FIRST)
    assert caught.value.status == 404, "worth a retry"
    assert await stage.ask(FIRST) == ("ok", [CREATE])
    assert (await stage.desired(FIRST))[1] == first


# What else may have the name.


def put(stage: Stage, spec: Manifest = SPEC, *, data: Manifest | None = None, **metadata: object) -> None:
    """A ControllerRevision under the name of the revision of a spec."""
    stage.api.put(
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {"name": name(spec), **metadata},
            "data": data or {},
            "revision": 4,
        }
    )


def stored(spec: Manifest = SPEC) -> Manifest:
    """The data of a revision, with a template that nothing renders."""
    template = {"metadata": {"labels": {"restored": "yes"}}, "spec": {"containers": []}}
    return {"version": 1, "inputs": inputs("qwen", read_spec(spec, "qwen")), "template": template}


@pytest.mark.parametrize(
    ("labels", "owner", "data", "outcome", "known", "unknown"),
    [
        (True, "uid-ms", True, "ok", [], [CREATE, GET, PATCH]),
        (True, None, True, "ok", [PATCH], [CREATE, GET, PATCH]),
        (True, "uid-old", True, "WaitingForPredecessor", [CREATE, GET], [CREATE, GET]),
        (True, "uid-ms", False, "ok", [CREATE, GET, CREATE], [CREATE, GET, CREATE]),
        (False, "uid-ms", True, "ok", [CREATE, GET, PATCH], [CREATE, GET, PATCH]),
        (False, None, True, "ok", [CREATE, GET, CREATE], [CREATE, GET, CREATE]),
        (False, "uid-old", True, "WaitingForPredecessor", [CREATE, GET], [CREATE, GET]),
    ],
    ids=["ours", "orphan", "predecessor's", "collision", "ours, no label", "foreign", "predecessor's, no label"],
)
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
async def test_whose_it_is(
    labels: bool, owner: str | None, data: bool, outcome: str, known: list[str], unknown: list[str], is_known: bool
) -> None:
    """Labels ours or none, the uid of its owner, and whether its data are those of the spec."""
    stage = Stage()
    owners = owned_by(owner) if owner else []
    put(stage, data=stored(SPEC if data else FIRST), labels=our_labels() if labels else {}, ownerReferences=owners)
    if is_known:
        stage.world.deliver()
    before = stage.api.live("ControllerRevision", name())
    assert await stage.ask() == (outcome, known if is_known else unknown)
    live = stage.api.live("ControllerRevision", name())
    assert live is not None
    if outcome != "ok" or CREATE in (known if is_known else unknown)[1:]:
        assert live == before, "it is left alone"
    else:
        assert live["metadata"]["ownerReferences"] == owned_by("uid-ms")
        assert (await stage.desired())[1] == stored()["template"]
    if outcome == "ok":
        assert await stage.ask() == ("ok", [])


async def test_after_a_collision_the_other_name_is_found_again() -> None:
    stage = Stage()
    put(stage)
    assert (await stage.desired())[0] == name(collisions=1)
    assert len(stage.world.revisions()) == 2
    await stage.world.restart()
    assert await stage.ask() == ("ok", [])
    assert (await stage.desired())[0] == name(collisions=1)


async def test_names_that_are_all_taken_are_told() -> None:
    stage = Stage()
    for collisions in range(MAX_COLLISIONS):
        taken = name(collisions=collisions)
        stage.api.put({"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": taken}})
    outcome, requests = await stage.ask()
    assert outcome == "NameConflict"
    assert requests == [CREATE, GET] * MAX_COLLISIONS


async def test_one_that_is_being_deleted_is_waited_for() -> None:
    stage = Stage()
    await stage.desired()
    stage.api.edit("ControllerRevision", keep, name())
    stage.api.remove("ControllerRevision", name())
    stage.world.deliver()
    before = stage.api.live("ControllerRevision", name())
    for _ in range(2):
        assert await stage.ask() == ("WaitingForPredecessor", [CREATE, GET])
    assert stage.api.live("ControllerRevision", name()) == before
    stage.api.edit("ControllerRevision", lambda live: live["metadata"].pop("finalizers"), name())
    stage.world.deliver()
    assert await stage.ask() == ("ok", [CREATE])


async def test_one_that_goes_while_it_is_looked_at_is_tried_again() -> None:
    stage = Stage()
    put(stage)
    stage.api.before = lambda request: stage.api.remove("ControllerRevision", name()) if request.verb == "get" else None
    with pytest.raises(ApiError) as caught:
        await stage.desired()
    assert caught.value.status == 409
    assert await stage.ask() == ("ok", [CREATE])


def keep(live: Manifest) -> None:
    live["metadata"]["finalizers"] = ["example.com/keep"]


# Refusals.


async def test_a_refused_revision_is_tried_once_for_each_input() -> None:
    stage = Stage()
    stage.api.fail(CREATE, Failure(422, "Invalid", "data: Too long"))
    assert await stage.ask() == ("InvalidSpec", [CREATE])
    assert await stage.ask() == ("InvalidSpec", [])
    assert await stage.ask(FIRST) == ("ok", [CREATE])
    assert await stage.ask() == ("InvalidSpec", [])
    stage.world.process.reconciler._revisions.forget("uid-ms")
    assert await stage.ask() == ("ok", [CREATE])


async def test_other_failures_are_no_verdict_on_the_inputs() -> None:
    stage = Stage()
    for status in (403, 429, 500, 503):
        stage.api.fail(CREATE, Failure(status))
        with pytest.raises(ApiError) as caught:
            await stage.desired()
        assert caught.value.status == status
    assert await stage.ask() == ("ok", [CREATE])


async def test_an_answer_that_was_lost_is_no_second_revision() -> None:
    stage = Stage()
    stage.api.fail(CREATE, Failure(500, applied=True))
    with pytest.raises(ApiError):
        await stage.desired()
    assert await stage.ask() == ("ok", [CREATE, GET])
    assert list(stage.numbers()) == [name()]


async def test_a_change_that_the_store_does_not_know_is_no_reason_to_overwrite() -> None:
    stage = Stage()
    await stage.desired(FIRST)
    await stage.desired(SECOND)
    stage.api.edit("ControllerRevision", lambda live: live.update(revision=9), name(FIRST))
    with pytest.raises(ApiError) as caught:
        await stage.desired(FIRST)
    assert caught.value.status == 409, "worth a retry"
    stage.world.deliver()
    assert await stage.ask(FIRST) == ("ok", [])


# Pruning.


@pytest.mark.parametrize(
    ("limit", "serving", "left"),
    [
        (10, 5, [1, 2, 3, 4, 5]),
        (2, 5, [3, 4, 5]),
        (0, 5, [5]),
        (0, 2, [2, 5]),
        (1, 2, [2, 4, 5]),
        (1, 4, [3, 4, 5]),
    ],
)
async def test_what_serves_what_is_desired_and_the_newest_others_are_kept(
    limit: int, serving: int, left: list[int]
) -> None:
    stage = Stage()
    for number in range(1, 6):
        await stage.desired(restarted(str(number)))
    mark = len(stage.api.requests)
    for _ in range(2):
        await stage.prune(limit, name(restarted("5")), name(restarted(str(serving))))
    assert list(stage.numbers().values()) == left
    assert len(stage.api.writes(mark)) == 5 - len(left), "each is deleted once"


async def test_only_our_own_are_pruned() -> None:
    stage = Stage()
    await stage.desired(FIRST)
    put(stage, SPEC, data=stored(), labels=our_labels(), ownerReferences=owned_by("uid-old"))
    stage.world.deliver()
    await stage.prune(0)
    assert list(stage.numbers()) == [name(SPEC)]


async def test_a_whole_history_of_orphans_is_adopted() -> None:
    stage = Stage()
    for spec in (FIRST, SECOND):
        await stage.desired(spec)
        stage.api.edit("ControllerRevision", lambda live: live["metadata"].pop("ownerReferences"), name(spec))
    stage.world.deliver()
    assert await stage.ask(SECOND) == ("ok", [PATCH, PATCH])
    assert {owner["uid"] for live in stage.world.revisions() for owner in live["metadata"]["ownerReferences"]} == {
        "uid-ms"
    }
    assert stage.numbers() == {name(FIRST): 1, name(SECOND): 2}
    assert await stage.ask(SECOND) == ("ok", [])
