"""The applier: whose an object is decides what is done to it, whether the store knows of it or not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from modelservice_operator import api, diff
from modelservice_operator.api.read import read_spec
from modelservice_operator.blocked import Blocked
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.service import service
from modelservice_operator.records.parent import Parent
from unit.fake_api import Failure, Request
from unit.world import SPEC, World, our_labels, owned_by

TEMPLATE: Final[Manifest] = {"metadata": {"labels": {names.RUNTIME: "vllm"}}}
CLASHING: Final[Manifest] = {"selector": {"app": "theirs"}, "ports": [{"port": 80}]}
"""The spec of a Service that holds what ours sets, with other values."""
PEACEFUL: Final[Manifest] = {"ports": [{"name": "theirs", "port": 9999}]}
"""One beside which our intent fits."""
THEIR_OWNER: Final = [{"apiVersion": "v1", "kind": "Other", "name": "qwen", "uid": "uid-other", "controller": True}]


class Stage:
    """The ModelService `qwen`, and an applier that keeps its Service."""

    def __init__(self, *, worked_on_before: bool = False) -> None:
        self.world = World()
        self.api = self.world.api
        self.world.apply()
        if worked_on_before:
            self.api.set_status(api.KIND, {"observedGeneration": 1})
        self.world.deliver()
        self.applier = self.world.process.reconciler._applier

    def intent(self, port: int = 80, uid: str = "uid-ms") -> Manifest:
        spec = read_spec({**SPEC, "endpoint": {"port": port}}, "qwen")
        owner = Parent.from_manifest({"metadata": {"namespace": "ml", "name": "qwen", "uid": uid}})
        return service(owner, spec, TEMPLATE)

    def made_by_us(self, uid: str = "uid-ms") -> None:
        """A Service as an operator process left it."""
        intent = self.intent(uid=uid)
        self.api.serve(Request("apply", "Service", "qwen", "", diff.with_hash(intent, diff.intent_hash(intent))), {})

    def made_by_others(self, spec: Manifest, **metadata: object) -> None:
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "qwen", **metadata}, "spec": spec}
        self.api.put(manifest)

    async def ensure(self, intent: Manifest | None = None) -> tuple[str, list[str]]:
        """What came of it, `ok` or a reason, and the requests that it took."""
        mark = len(self.api.requests)
        outcome = "ok"
        try:
            await self.applier.ensure(self.world.parent(), intent or self.intent())
        except Blocked as blocked:
            outcome = str(blocked.reason)
        return outcome, [request.verb for request in self.api.requests[mark:]]

    def shape(self) -> Manifest:
        """Whatever of the live Service could have been touched."""
        live = self.world.child("Service")
        kept = ("uid", "labels", "annotations", "ownerReferences")
        return {"spec": live["spec"], **{key: live["metadata"].get(key) for key in kept}}

    def holds(self, port: int = 80) -> bool:
        """The live Service is ours, and is as it should be."""
        return diff.difference(self.world.child("Service"), self.intent(port)) is None


def ours(stage: Stage) -> None:
    stage.made_by_us()


def ours_drifted(stage: Stage) -> None:
    stage.made_by_us()
    stage.api.edit("Service", lambda live: live["spec"].update(selector={"app": "theirs"}))


def ours_terminating(stage: Stage) -> None:
    stage.made_by_us()
    stage.api.edit("Service", lambda live: live["metadata"].update(finalizers=["example.com/keep"]))
    stage.api.remove("Service")


def orphan(stage: Stage) -> None:
    stage.made_by_us("uid-old")
    stage.api.edit("Service", lambda live: live["metadata"].pop("ownerReferences"))


def orphan_terminating(stage: Stage) -> None:
    orphan(stage)
    stage.api.edit("Service", lambda live: live["metadata"].update(finalizers=["example.com/keep"]))
    stage.api.remove("Service")


def predecessors(stage: Stage) -> None:
    stage.made_by_us("uid-old")


def foreign_clashing(stage: Stage) -> None:
    stage.made_by_others(CLASHING)


def foreign_peaceful(stage: Stage) -> None:
    stage.made_by_others(PEACEFUL)


def foreign_controlled(stage: Stage) -> None:
    stage.made_by_others(PEACEFUL, ownerReferences=THEIR_OWNER)


def foreign_with_our_labels(stage: Stage) -> None:
    stage.made_by_others(PEACEFUL, ownerReferences=THEIR_OWNER, labels=our_labels())


def owned_by_another_name(stage: Stage) -> None:
    stage.made_by_others(PEACEFUL, ownerReferences=owned_by("uid-chat", "chat"), labels=our_labels())


def nothing(_: Stage) -> None:
    pass


@dataclass(frozen=True)
class Row:
    """What is there under the name, whether the store knows of it, and what comes of that."""

    there: Callable[[Stage], None]
    outcome: str
    requests: list[str]
    known: bool = True
    worked_on_before: bool = False

    def __str__(self) -> str:
        before = ", worked on before" if self.worked_on_before else ""
        return f"{self.there.__name__}, {'known' if self.known else 'unknown'}{before}"


WAITS: Final = "WaitingForPredecessor"
TAKEN: Final = "NameConflict"
ROWS: Final = [
    Row(nothing, "ok", ["apply"], known=False),
    Row(nothing, "ok", ["get", "apply"], known=False, worked_on_before=True),
    Row(ours, "ok", []),
    Row(ours, "ok", ["apply"], known=False),
    Row(ours, "ok", ["get", "force"], known=False, worked_on_before=True),
    Row(ours_drifted, "ok", ["force"]),
    Row(ours_drifted, "ok", ["apply", "get", "force"], known=False),
    Row(ours_drifted, "ok", ["get", "force"], known=False, worked_on_before=True),
    Row(ours_terminating, WAITS, []),
    Row(ours_terminating, WAITS, ["get"], known=False, worked_on_before=True),
    Row(orphan, "ok", ["force"]),
    Row(orphan_terminating, WAITS, []),
    Row(orphan_terminating, WAITS, ["get"], known=False, worked_on_before=True),
    Row(predecessors, WAITS, []),
    Row(predecessors, WAITS, ["get"], known=False, worked_on_before=True),
    Row(foreign_clashing, TAKEN, ["apply", "get"], known=False),
    Row(foreign_clashing, TAKEN, ["get"], known=False, worked_on_before=True),
    Row(foreign_peaceful, TAKEN, ["apply", "force"], known=False),
    Row(foreign_peaceful, TAKEN, ["get"], known=False, worked_on_before=True),
    Row(foreign_controlled, TAKEN, ["apply", "get"], known=False),
    Row(foreign_with_our_labels, TAKEN, []),
    Row(owned_by_another_name, TAKEN, ["apply", "get"]),
]
"""Unknown is what has not the label by which we watch, or what no watch has told of yet."""


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_whose_it_is(row: Row) -> None:
    stage = Stage(worked_on_before=row.worked_on_before)
    row.there(stage)
    if row.known:
        stage.world.deliver()
    before = stage.shape() if row.there is not nothing else None
    assert await stage.ensure() == (row.outcome, row.requests)
    if row.outcome == "ok":
        assert stage.holds()
        assert await stage.ensure() == ("ok", []), "the answer is known without a watch"
        stage.world.deliver()
        assert await stage.ensure() == ("ok", [])
    else:
        assert stage.shape() == before, "it is left alone"


async def test_a_name_that_is_taken_is_looked_at_until_it_is_free() -> None:
    stage = Stage()
    foreign_clashing(stage)
    assert await stage.ensure() == (TAKEN, ["apply", "get"])
    assert await stage.ensure() == (TAKEN, ["get"])
    stage.api.remove("Service")
    assert await stage.ensure() == ("ok", ["get", "apply"])
    stage.api.remove("Service")
    stage.world.deliver()
    assert await stage.ensure() == ("ok", ["apply"]), "from then on it is ours"


@pytest.mark.parametrize("failure", [Failure(503), Failure(0), Failure(0, applied=True)])
async def test_what_was_put_into_a_foreign_object_is_withdrawn_in_the_end(failure: Failure) -> None:
    """Also when the first try fails, and the watch meanwhile shows the object with our label and owner."""
    stage = Stage()
    foreign_peaceful(stage)
    before = stage.shape()
    stage.api.fail("force Service", failure)
    with pytest.raises((ApiError, ApiUnreachable)):
        await stage.ensure()
    stage.world.deliver()
    assert (await stage.ensure())[0] == TAKEN
    assert stage.shape() == before
    stage.world.deliver()
    assert await stage.ensure() == (TAKEN, ["get"])
    assert stage.shape() == before


@pytest.mark.parametrize("successor", [nothing, foreign_clashing], ids=lambda there: there.__name__)
async def test_nothing_is_withdrawn_from_a_namesake(successor: Callable[[Stage], None]) -> None:
    """The foreign object went before the second try."""
    stage = Stage()
    foreign_peaceful(stage)
    stage.api.fail("force Service", Failure(503))
    with pytest.raises(ApiError):
        await stage.ensure()
    stage.api.remove("Service")
    successor(stage)
    before = stage.api.live("Service")
    stage.world.deliver()
    assert await stage.ensure() == (TAKEN, ["force"])
    assert stage.api.live("Service") == before
    outcome, _ = await stage.ensure()
    assert outcome == ("ok" if before is None else TAKEN)


async def test_a_withdrawal_is_remembered_before_the_watch_tells_of_it() -> None:
    stage = Stage()
    foreign_peaceful(stage)
    for event in stage.world.gather():
        stage.world.process.take(event)
    await stage.ensure()
    with_our_label = [event for event in stage.world.gather() if event.type == "ADDED"]
    for event in with_our_label:
        stage.world.process.take(event)
    assert await stage.ensure() == (TAKEN, ["get"])


BAD: Final = [
    Failure(422, "Invalid", "spec.ports[0].port: Invalid value: 99999"),
    Failure(400, "BadRequest", "cannot restore slice from map"),
    Failure(413, "RequestEntityTooLarge", "too large"),
    Failure(500, "", "failed to create typed patch object: .spec.x: field not declared in schema"),
    Failure(500, "", "etcdserver: request is too large"),
]


@pytest.mark.parametrize("failure", BAD, ids=lambda failure: f"{failure.status} {failure.message[:20]}")
async def test_a_refused_intent_is_tried_once(failure: Failure) -> None:
    stage = Stage()
    stage.api.fail("apply Service", failure)
    outcome, requests = await stage.ensure()
    assert outcome == "InvalidSpec"
    assert requests in (["apply"], ["apply", "get"])
    for _ in range(2):
        assert await stage.ensure() == ("InvalidSpec", []), "the same intent again"
    assert await stage.ensure(stage.intent(port=81)) == ("ok", ["apply"]), "another intent"
    assert await stage.ensure() == ("ok", ["force"]), "the first one: since then the object has changed"


async def test_a_refusal_says_what_the_api_server_said() -> None:
    stage = Stage()
    ours(stage)
    stage.world.deliver()
    stage.api.fail("force Service", Failure(422, "Invalid", "spec.ports[0].port: Invalid value: 99999"))
    with pytest.raises(Blocked) as caught:
        await stage.applier.ensure(stage.world.parent(), stage.intent(port=81))
    assert caught.value.message == "the API server refuses the Service: spec.ports[0].port: Invalid value: 99999"
    assert caught.value.stalled
    assert caught.value.retry is None


async def test_a_refused_intent_is_tried_again_on_another_object() -> None:
    stage = Stage()
    ours(stage)
    stage.world.deliver()
    other = stage.intent(port=81)
    stage.api.fail("force Service", Failure(422))
    assert await stage.ensure(other) == ("InvalidSpec", ["force"])
    stage.api.remove("Service")
    stage.world.deliver()
    assert await stage.ensure(other) == ("ok", ["apply"])


REPAIR: Final = ["force", "get", "patch", "get", "patch", "force"]
"""Refused; then our items in their places, the ownership of that given up, and once more."""


async def test_what_collides_is_replaced_and_applied_again() -> None:
    stage = Stage()
    ours_drifted(stage)
    stage.world.deliver()
    stage.api.fail("force Service", Failure(422, "Invalid", 'spec.ports[1].name: Duplicate value: "http"'))
    assert await stage.ensure() == ("ok", REPAIR)
    assert stage.holds()


async def test_a_write_that_comes_between_does_not_keep_the_repair_from_giving_up_what_it_owns() -> None:
    stage = Stage()
    ours_drifted(stage)
    stage.world.deliver()
    stage.api.fail("force Service", Failure(422, "Invalid"))
    patches = 0

    def meanwhile(request: Request) -> None:
        nonlocal patches
        patches += request.verb == "patch"
        if request.verb == "patch" and patches == 2:
            stage.api.before = lambda _: None
            stage.api.set_status("Service", {"loadBalancer": {"ingress": []}})

    stage.api.before = meanwhile
    assert await stage.ensure() == ("ok", ["force", "get", "patch", "get", "patch", "get", "patch", "force"])


async def test_a_bad_intent_is_not_taken_for_a_collision() -> None:
    stage = Stage()
    ours_drifted(stage)
    stage.world.deliver()
    cause = Cause("FieldValueInvalid", "spec.ports[0].port", "no")
    stage.api.fail("force Service", Failure(422, "Invalid", "no", (cause,)))
    assert await stage.ensure(stage.intent(port=81)) == ("InvalidSpec", ["force"])


async def test_what_cannot_be_replaced_is_told_apart_and_tried_again_once_it_changes() -> None:
    """The intent was accepted before: nothing in the spec is to blame, and only the object can change that."""
    stage = Stage()
    ours_drifted(stage)
    stage.world.deliver()
    stage.api.fail("force Service", Failure(422, "Invalid", "spec.ports: no"), times=2)
    stage.api.fail("patch Service", Failure(422, "Invalid", "spec.ports: no"), times=2)
    with pytest.raises(Blocked) as caught:
        await stage.applier.ensure(stage.world.parent(), stage.intent())
    assert (str(caught.value.reason), caught.value.stalled) == ("ChildModified", True)
    assert "spec.ports: no" in caught.value.message
    assert caught.value.remedy == "Undo that change, or delete Service ml/qwen: it is then created anew."
    stage.api.set_status("Service", {"loadBalancer": {}})
    stage.world.deliver()
    assert await stage.ensure() == ("ChildModified", []), "a status is no reason to try again"
    stage.api.edit("Service", lambda live: live["metadata"]["labels"].update(team="a"))
    stage.world.deliver()
    assert await stage.ensure() == ("ChildModified", ["force", "get", "patch"])
    stage.api.edit("Service", lambda live: live["metadata"]["labels"].update(team="b"))
    stage.world.deliver()
    assert await stage.ensure() == ("ok", ["force"])


async def test_a_refused_intent_is_tried_again_after_another_one() -> None:
    stage = Stage()
    ours(stage)
    stage.world.deliver()
    other = stage.intent(port=81)
    stage.api.fail("force Service", Failure(422), times=2)
    assert await stage.ensure(other) == ("InvalidSpec", ["force"])
    assert await stage.ensure() == ("ok", []), "back to what is there"
    assert await stage.ensure(other) == ("InvalidSpec", ["force"])
    assert await stage.ensure(other) == ("InvalidSpec", [])


async def test_a_child_is_compared_once_and_its_body_let_go() -> None:
    stage = Stage()
    ours(stage)
    stage.world.deliver()
    known = stage.world.process.store.family(stage.world.key).children["Service", "qwen"]
    assert known.body is not None
    assert await stage.ensure() == ("ok", [])
    assert known.body is None
    assert known.holds(diff.intent_hash(stage.intent()))


async def test_a_forgotten_model_service_is_new() -> None:
    stage = Stage()
    stage.api.fail("apply Service", Failure(422))
    assert await stage.ensure() == ("InvalidSpec", ["apply", "get"])
    stage.applier.forget("uid-other")
    assert await stage.ensure() == ("InvalidSpec", [])
    stage.applier.forget("uid-ms")
    assert await stage.ensure() == ("ok", ["apply"])
    stage.api.remove("Service")
    stage.world.deliver()
    foreign_clashing(stage)
    assert await stage.ensure() == (TAKEN, ["apply", "get"])
    stage.applier.forget("uid-ms")
    assert await stage.ensure() == (TAKEN, ["apply", "get"]), "it does not know any more that the name is taken"


@pytest.mark.parametrize("successor", [nothing, foreign_clashing], ids=lambda there: there.__name__)
async def test_an_apply_is_meant_for_one_object_alone(successor: Callable[[Stage], None]) -> None:
    """The store does not know yet that the Service is gone, or that there is another one of its name."""
    stage = Stage()
    ours(stage)
    stage.world.deliver()
    stage.api.remove("Service")
    successor(stage)
    before = stage.api.live("Service")
    with pytest.raises(ApiError) as caught:
        await stage.ensure(stage.intent(port=81))
    assert caught.value.status == 409, "worth a retry"
    assert stage.api.live("Service") == before
    outcome, _ = await stage.ensure()
    assert outcome == ("ok" if before is None else TAKEN)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_other_failures_are_no_verdict_on_the_intent(status: int) -> None:
    stage = Stage()
    stage.api.fail("apply Service", Failure(status, message="try again"))
    if status == 500:
        assert await stage.ensure() == ("RequestFailed", ["apply"])
    else:
        with pytest.raises(ApiError, match="try again"):
            await stage.ensure()
    assert await stage.ensure() == ("ok", ["apply"])


async def test_what_is_no_longer_wanted_is_deleted_once_and_nothing_else() -> None:
    stage = Stage()
    ours(stage)
    stage.api.put(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "old", "labels": our_labels(), "ownerReferences": owned_by("uid-ms")},
            "spec": PEACEFUL,
        }
    )
    stage.api.put(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stray", "labels": our_labels()}, "spec": PEACEFUL}
    )
    stage.world.deliver()
    mark = len(stage.api.requests)
    for _ in range(2):
        await stage.applier.prune(stage.world.parent(), {("Service", "qwen")})
    assert stage.api.writes(mark) == ["delete Service old"]
    assert [live["metadata"]["name"] for live in stage.api.objects("Service")] == ["qwen", "stray"]


async def test_only_the_object_that_was_meant_is_deleted() -> None:
    stage = Stage()
    ours(stage)
    stage.world.deliver()
    stage.api.remove("Service")
    foreign_clashing(stage)
    await stage.applier.prune(stage.world.parent(), ())
    assert stage.api.live("Service") is not None
