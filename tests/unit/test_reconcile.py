"""The reconcile: what it asks of the API server, when it writes a status, and what it makes of failures."""

from typing import Final

import pytest

from modelservice_operator import api
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.publish import CONFLICT_PATIENCE, FIRST_STATUS_PATIENCE
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.runtimes.runtime import Runtime
from modelservice_operator.status import LONGEST
from unit.fake_api import Failure, Request
from unit.world import KEY, SPEC, World

FORBIDDEN: Final = 'deployments.apps is forbidden: User "operator" cannot patch resource "deployments"'
QUOTA: Final = 'services "qwen" is forbidden: exceeded quota: few, requested: services=1, used: services=2, limited: 2'
DENIED: Final = 'admission webhook "policy.example.com" denied the request: no GPUs on Fridays'

FOREIGN_SPEC: Final[Manifest] = {
    "selector": {"matchLabels": {"app": "theirs"}},
    "template": {"metadata": {"labels": {"app": "theirs"}}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}},
}


def verbs(world: World, since: int = 0) -> list[str]:
    """Requests without the names of revisions."""
    return [str(request).split("-")[0] for request in world.api.requests[since:]]


async def ready(spec: Manifest = SPEC) -> World:
    world = World()
    world.apply(spec)
    await world.rest()
    assert world.condition("Ready")[0] == "True"
    return world


def pod(message: str) -> Manifest:
    """A pod of the ModelService that no node takes."""
    labels = {
        "app.kubernetes.io/managed-by": "modelservice-operator",
        "modelservice.dev/name": "qwen",
        "modelservice.dev/revision": "fdtdhtkcpn",
        "pod-template-hash": "7d9c",
    }
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "qwen-7d9c", "uid": "u-rs", "controller": True}
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    limits = {"limits": {"nvidia.com/gpu": "1"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "qwen-7d9c-a", "labels": labels, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "server", "resources": limits}]},
        "status": {"phase": "Pending", "conditions": [scheduled]},
    }


async def test_a_new_one_takes_one_write_per_child_two_of_the_status_and_no_read() -> None:
    world = World()
    world.apply()
    await world.settle()
    children = ["create ControllerRevision", "apply Deployment", "apply Service", "apply PodDisruptionBudget"]
    assert verbs(world) == [*(f"{child} qwen" for child in children), "patch ModelService qwen/status"]
    assert world.condition("Ready") == ("Unknown", "Applying")
    world.seconds += 1.0
    world.roll_out(available=False)
    await world.settle()
    assert verbs(world)[5:] == ["patch ModelService qwen/status"]
    assert world.condition("Ready") == ("Unknown", "Starting")


def pod_status(ready: str, since: str, started: str = "") -> Manifest:
    state = {"running": {"startedAt": f"2026-11-22T{started}Z"}} if started else {"waiting": {}}
    return {
        "phase": "Running" if started else "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-22T10:00:01Z"},
            {"type": "Ready", "status": ready, "lastTransitionTime": f"2026-11-22T{since}Z"},
        ],
        "containerStatuses": [{"name": "server", "restartCount": 0, "state": state}],
    }


async def test_a_start_is_told_with_few_writes_and_remembered() -> None:
    """Two pods: one write for each thing that they are at, and one with the Deployment's count once they are ready."""
    world = World()
    world.apply()
    await world.settle()
    revision = world.desired()["data"]["template"]["metadata"]["labels"]["modelservice.dev/revision"]
    for name in ("qwen-7d9c-a", "qwen-7d9c-b"):
        manifest = pod("")
        manifest["metadata"] |= {"name": name, "creationTimestamp": "2026-11-22T10:00:00Z"}
        manifest["metadata"]["labels"]["modelservice.dev/revision"] = revision
        manifest["spec"] = {"nodeName": "gpu-1", "containers": [{"name": "server", "startupProbe": {}}]}
        world.api.put({**manifest, "status": pod_status("False", "10:00:01")})
    world.roll_out(available=False)
    told: list[tuple[str, int]] = []

    async def goes_on() -> None:
        mark = len(world.api.requests)
        world.seconds += 60.0
        await world.settle()
        message = next(entry for entry in world.status["conditions"] if entry["type"] == "Reconciling")["message"]
        told.append((message.partition(": ")[2], len(world.api.writes(mark))))

    await goes_on()
    world.api.set_status("Pod", pod_status("False", "10:00:01", "10:00:31"), "qwen-7d9c-a")
    await goes_on()
    world.api.set_status("Pod", pod_status("False", "10:00:01", "10:00:41"), "qwen-7d9c-b")
    await goes_on()
    world.api.set_status("Pod", pod_status("True", "10:03:31", "10:00:31"), "qwen-7d9c-a")
    await goes_on()
    world.api.set_status("Pod", pod_status("True", "10:04:41", "10:00:41"), "qwen-7d9c-b")
    await goes_on()
    world.roll_out()
    await goes_on()
    assert told == [
        ("mounting volumes and pulling the image since 10:00:01Z.", 1),
        ("loading since 10:00:31Z, which may take 3600 s.", 1),
        ("loading since 10:00:31Z, which may take 3600 s.", 0),
        ("loading since 10:00:31Z, which may take 3600 s.", 0),
        ("loading since 10:00:31Z, which may take 3600 s.", 0),
        ("", 1),
    ]
    assert world.condition("Ready") == ("True", "ReplicasReady")
    startup = world.status["startup"]
    assert startup["median"] == {"schedulingSeconds": 1, "pullingSeconds": 35, "loadingSeconds": 210}
    mark = len(world.api.requests)
    await world.restart()
    await world.settle()
    assert world.api.writes(mark) == []
    assert world.status["startup"] == startup


async def test_the_first_status_waits_while_others_wait_for_their_children_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    monkeypatch.setattr(world.process.publisher, "_crowded", lambda: True)
    world.apply()
    world.deliver()
    assert await world.turn() == 0
    assert world.child("Deployment")
    assert world.api.writes()[-1] != "patch ModelService qwen/status"
    world.seconds += FIRST_STATUS_PATIENCE.total_seconds()
    await world.turn()
    assert world.api.writes()[-1] == "patch ModelService qwen/status"


async def test_rest_and_a_restart_write_nothing() -> None:
    world = await ready()
    mark = len(world.api.requests)
    await world.turn()
    assert world.api.requests[mark:] == []
    await world.restart()
    await world.settle()
    assert world.api.writes(mark) == []


async def test_what_is_not_in_the_intent_is_left_to_others() -> None:
    world = await ready()

    def inject(live: Manifest) -> None:
        live["metadata"]["labels"]["team"] = "search"
        live["spec"]["template"]["metadata"]["annotations"] = {"sidecar.example.com/inject": "true"}

    mark = len(world.api.requests)
    world.api.edit("Deployment", inject)
    await world.rest()
    assert set(world.api.writes(mark)) == {"patch ModelService qwen/status"}
    assert world.child("Deployment")["metadata"]["labels"]["team"] == "search"


@pytest.mark.parametrize(
    ("kind", "field", "value"), [("Deployment", "replicas", 9), ("Service", "selector", {"a": "b"})]
)
async def test_an_edit_is_undone_with_one_apply(kind: str, field: str, value: object) -> None:
    world = await ready()
    spec = world.child(kind)["spec"]
    mark = len(world.api.requests)
    world.api.edit(kind, lambda live: live["spec"].update({field: value}))
    await world.settle()
    assert world.api.writes(mark)[0] == f"force {kind} qwen"
    assert world.child(kind)["spec"] == spec


async def test_an_account_that_nothing_names_any_more_is_taken_away() -> None:
    """Also by a stored template, which knows nothing of accounts."""
    world = await ready()
    world.apply({**SPEC, "serviceAccountName": "reader"})
    await world.rest()
    assert world.child("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "reader"
    world.apply(SPEC)
    await world.rest()
    assert {"serviceAccountName", "serviceAccount"}.isdisjoint(world.child("Deployment")["spec"]["template"]["spec"])
    mark = len(world.api.requests)
    await world.restart()
    await world.settle()
    assert world.api.writes(mark) == []


def applied(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of applies since the last look."""
    told = [record.getMessage() for record in caplog.records if record.name.endswith("cluster.apply")]
    caplog.clear()
    return told


async def test_the_log_says_who_is_why_a_child_is_applied(caplog: pytest.LogCaptureFixture) -> None:
    """`kubectl rollout undo` brings the annotations of the old ReplicaSet back too, among them the hash of ours."""
    caplog.set_level("INFO")
    world = await ready()
    old = world.child("Deployment")
    assert applied(caplog)[0] == "Created Deployment qwen."
    world.apply({**SPEC, "rollout": {"restart": "once"}})
    await world.rest()
    assert applied(caplog) == ["Applying Deployment qwen: what is wanted changed."]

    def undo(live: Manifest) -> None:
        live["spec"]["template"] = old["spec"]["template"]
        live["metadata"]["annotations"] = old["metadata"]["annotations"]

    world.api.edit("Deployment", undo)
    await world.rest()
    (told,) = applied(caplog)
    assert told.startswith("Applying Deployment qwen: spec.template.metadata.labels.")
    assert told.endswith(" was changed by someone else.")
    world.api.edit("Deployment", lambda live: live["metadata"]["annotations"].update({names.APPLIED_HASH: "x"}))
    await world.rest()
    assert applied(caplog) == [f"Applying Deployment qwen: {names.APPLIED_HASH} was changed by someone else."]
    world.api.edit("Deployment", undo)
    await world.restart()
    await world.rest()
    assert applied(caplog) == ["Applying Deployment qwen: what was applied to it last is not what is wanted."]


async def test_the_log_says_that_what_is_created_had_been_deleted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world = await ready()
    applied(caplog)
    for kind in ("Deployment", "Service"):
        world.api.remove(kind)
        await world.rest()
        assert applied(caplog) == [f"Created {kind} qwen, which had been deleted."]
    world.apply({**SPEC, "scaling": {"maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}})
    await world.rest()
    assert applied(caplog)[-1] == "Created HorizontalPodAutoscaler qwen."
    world.apply()
    await world.rest()
    applied(caplog)
    world.apply({**SPEC, "scaling": {"maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}})
    await world.rest()
    assert applied(caplog)[-1] == "Created HorizontalPodAutoscaler qwen.", "it was we who deleted it"


async def test_suspended_and_resumed() -> None:
    world = await ready()
    world.apply({**SPEC, "suspend": True})
    await world.rest()
    assert world.child("Deployment")["spec"]["replicas"] == 0
    assert world.condition("Ready") == ("True", "Suspended")
    world.apply()
    await world.rest()
    assert world.child("Deployment")["spec"]["replicas"] == 2
    assert len(world.revisions()) == 1


async def test_a_newer_operator_restarts_nothing_until_the_spec_changes() -> None:
    world = await ready()
    newer = {"nvidia": "vllm/vllm-openai:v9"}
    vllm: Runtime = builtin()["vllm"].model_copy(update={"image": newer})
    world.runtimes = {**builtin(), "vllm": vllm}
    template = world.child("Deployment")["spec"]["template"]
    mark = len(world.api.requests)
    await world.restart()
    world.apply({**SPEC, "endpoint": {"port": 81}})
    await world.rest()
    assert world.child("Deployment")["spec"]["template"] == template
    assert verbs(world, mark).count("create ControllerRevision qwen") == 0
    world.apply({**SPEC, "rollout": {"restart": "now"}})
    await world.rest()
    assert world.status["runtime"]["image"] == "vllm/vllm-openai:v9"


async def test_a_spec_that_cannot_be_read_is_a_verdict_and_no_loop() -> None:
    world = await ready()
    mark = len(world.api.requests)
    world.apply({"model": {"uri": "ftp://models/qwen"}})
    await world.settle()
    assert verbs(world, mark) == ["patch ModelService qwen/status"]
    assert world.condition("Stalled") == ("True", "InvalidSpec")
    assert world.condition("Available") == ("True", "ReplicaServing")
    assert world.status["observedGeneration"] == 2
    assert await world.turn() is None
    world.apply()
    await world.rest()
    assert world.condition("Ready") == ("True", "ReplicasReady")


async def test_a_spec_that_nothing_can_serve_is_a_verdict_and_no_loop() -> None:
    world = World()
    world.apply({"model": {"uri": "hf://Qwen/Qwen3-8B:Q4_K_M"}, "runtime": {"name": "vllm"}})
    await world.settle()
    assert world.api.writes() == ["patch ModelService qwen/status"]
    assert world.condition("Stalled") == ("True", "InvalidSpec")
    assert await world.turn() is None


# Failures.


async def test_what_stands_in_the_way_of_one_child_keeps_no_other_from_being_applied() -> None:
    world = World()
    world.api.put({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "qwen"}, "spec": FOREIGN_SPEC})
    before = world.child("Deployment")
    world.apply()
    await world.settle()
    assert world.condition("Stalled") == ("True", "NameConflict")
    assert world.child("Deployment") == before
    assert world.child("Service")["metadata"]["ownerReferences"][0]["uid"] == "uid-ms"


@pytest.mark.parametrize(
    ("asked", "failure", "reason"),
    [
        ("apply Deployment", Failure(403, "Forbidden", FORBIDDEN), "Forbidden"),
        ("apply Service", Failure(403, "Forbidden", QUOTA), "QuotaExceeded"),
        ("apply Service", Failure(403, "Forbidden", DENIED), "AdmissionDenied"),
        ("apply Service", Failure(400, "", DENIED), "AdmissionDenied"),
        ("create ControllerRevision", Failure(403, "Forbidden", FORBIDDEN), "Forbidden"),
        ("create ControllerRevision", Failure(400, "", DENIED), "AdmissionDenied"),
    ],
)
async def test_a_refusal_that_may_pass_is_told_and_tried_again_now_and_then(
    asked: str, failure: Failure, reason: str
) -> None:
    world = World()
    world.apply()
    world.api.fail(asked, failure, times=99)
    await world.settle()
    assert world.condition("Ready") == ("False", reason)
    assert world.condition("Stalled") == ("False", "AsExpected")
    assert failure.message in world.status["problems"][0]["message"]
    after = await world.turn()
    assert after is not None
    assert 25 < after < 35
    world.api.recover()
    await world.rest(patience=60)
    assert world.condition("Ready") == ("True", "ReplicasReady")


@pytest.mark.parametrize("asked", ["apply Deployment", "create ControllerRevision"])
async def test_a_failure_of_the_api_server_is_told_and_tried_again_with_back_off(asked: str) -> None:
    world = World()
    world.apply()
    broken = Failure(500, "InternalError", 'failed calling webhook "mutate.example.com": connection refused')
    world.api.fail(asked, broken, times=99)
    world.deliver()
    with pytest.raises(ApiError, match="connection refused"):
        await world.process.reconciler.reconcile(KEY)
    assert world.condition("Ready") == ("Unknown", "Pending"), "a single failure is not worth a word"
    with pytest.raises(ApiError, match="connection refused"):
        await world.process.reconciler.reconcile(KEY)
    assert world.condition("Ready") == ("False", "RequestFailed")
    assert "mutate.example.com" in world.status["problems"][0]["message"]
    world.api.recover()
    await world.rest()
    assert world.condition("Ready") == ("True", "ReplicasReady")


@pytest.mark.parametrize("failure", [Failure(503), Failure(429, retry_after=7.0), Failure(0)])
@pytest.mark.parametrize("asked", ["apply Deployment", "create ControllerRevision", "patch ModelService"])
async def test_an_api_server_that_is_busy_or_away_is_tried_again_and_told_of_no_one(
    asked: str, failure: Failure
) -> None:
    world = World()
    world.apply()
    world.api.fail(asked, failure)
    world.deliver()
    with pytest.raises((ApiError, ApiUnreachable)) as caught:
        await world.process.reconciler.reconcile(KEY)
    assert getattr(caught.value, "retry_after", None) == failure.retry_after
    assert world.condition("Ready") == ("Unknown", "Pending")
    await world.rest()
    assert world.condition("Ready") == ("True", "ReplicasReady")


async def test_what_passes_at_one_child_holds_up_no_other() -> None:
    world = World()
    world.apply()
    world.api.fail("apply Deployment", Failure(503), times=9)
    world.deliver()
    with pytest.raises(ApiError):
        await world.process.reconciler.reconcile(KEY)
    assert world.api.live("Service") is not None


async def test_an_api_server_that_does_not_serve_the_kind_does_not_make_objects_vanish() -> None:
    world = World()
    world.apply()
    world.api.fail("patch ModelService", Failure(404, "NotFound", "the server could not find the requested resource"))
    world.deliver()
    with pytest.raises(ApiError):
        await world.process.reconciler.reconcile(KEY)
    await world.rest()
    assert world.condition("Ready") == ("True", "ReplicasReady")


async def test_failures_in_other_words_each_time_are_told_once() -> None:
    world = World()
    world.apply()
    world.deliver()
    for port in (45678, 45999, 51234):
        words = f'failed calling webhook "m": read tcp 10.0.0.5:{port}->10.0.0.9:443: connection reset'
        world.api.fail("apply Deployment", Failure(500, "InternalError", words))
        mark = len(world.api.requests)
        with pytest.raises(ApiError):
            await world.process.reconciler.reconcile(KEY)
        world.seconds += 30
    assert not any("ModelService" in write for write in world.api.writes(mark)), "nothing new to say"


async def test_a_clean_up_that_fails_is_tried_again_and_does_not_make_it_unready() -> None:
    world = World()
    world.apply()
    await world.rest()
    extra = {
        "metadata": {
            "name": "extra",
            **{k: world.child("Service")["metadata"][k] for k in ("labels", "ownerReferences")},
        }
    }
    world.api.put({"apiVersion": "v1", "kind": "Service", **extra, "spec": {"ports": [{"port": 1}]}})
    world.api.fail("delete Service", Failure(403, "Forbidden", "User cannot delete"))
    world.deliver()
    with pytest.raises(ApiError, match="cannot delete"):
        await world.process.reconciler.reconcile(KEY)
    assert world.condition("Ready") == ("True", "ReplicasReady")
    await world.rest()
    assert [live["metadata"]["name"] for live in world.api.objects("Service")] == ["qwen"]


async def test_a_message_that_quotes_too_much_is_cut() -> None:
    """The API server refuses a status with a longer one, and would be asked for ever."""
    world = World()
    world.apply({**SPEC, "runtime": {"args": ["--port=" + "x" * 40_000]}})
    await world.rest()
    assert world.condition("Ready") == ("False", "InvalidSpec")
    assert all(len(condition["message"]) <= LONGEST for condition in world.status["conditions"])
    assert len(world.status["problems"][0]["message"]) <= LONGEST


@pytest.mark.parametrize("asked", ["create ControllerRevision", "apply Deployment", "patch ModelService"])
@pytest.mark.parametrize(
    "failure",
    [
        Failure(403, "Forbidden", "is being terminated", (Cause("NamespaceTerminating", "", ""),)),
        Failure(404, "NotFound", 'namespaces "ml" not found'),
    ],
    ids=["terminating", "gone"],
)
async def test_a_namespace_that_goes_ends_the_work_quietly(asked: str, failure: Failure) -> None:
    world = World()
    world.apply()
    world.api.fail(asked, failure)
    world.deliver()
    assert await world.process.reconciler.reconcile(KEY) is None
    assert world.condition("Ready") == ("Unknown", "Pending")
    assert verbs(world)[-1].startswith(asked)


async def test_a_revision_that_is_refused_is_a_verdict_and_tried_once() -> None:
    world = World()
    world.apply()
    world.api.fail("create ControllerRevision", Failure(422, "Invalid", "data: Too long"))
    await world.settle()
    assert verbs(world) == ["create ControllerRevision qwen", "patch ModelService qwen/status"]
    assert world.condition("Stalled") == ("True", "InvalidSpec")
    assert "data: Too long" in world.status["problems"][0]["message"]
    assert await world.turn() is None
    assert len(verbs(world)) == 2


@pytest.mark.parametrize("asked", ["create ControllerRevision", "apply Deployment", "apply Service"])
async def test_what_was_refused_for_good_is_tried_again_once_refusals_are_forgotten(asked: str) -> None:
    world = World()
    world.apply()
    world.api.fail(asked, Failure(422, "Invalid", "no such field"))
    await world.settle()
    assert world.condition("Stalled") == ("True", "InvalidSpec")
    mark = len(world.api.requests)
    await world.settle()
    assert len(world.api.requests) == mark
    world.process.reconciler.forget_refusals()
    await world.settle()
    assert world.condition("Stalled")[0] == "False"
    assert world.child("Service")


# Deletion.


async def test_a_model_service_that_is_deleted_while_it_is_worked_on_gets_no_further_child() -> None:
    world = World()
    world.apply()
    world.deliver()

    def delete_at_once(request: Request) -> None:
        world.api.before = lambda _: None
        world.api.remove(api.KIND)
        world.deliver()

    world.api.before = delete_at_once
    await world.settle()
    assert verbs(world) == ["create ControllerRevision qwen"]


async def test_a_ghost_whose_children_vanish_is_asked_after() -> None:
    """No watch told that the ModelService is gone; the garbage collector took the children."""
    world = await ready()
    world.api.remove(api.KIND)
    world.api.collect_garbage()
    world.gather()
    world.pending[:] = [event for event in world.pending if event.resource.kind != api.KIND]
    mark = len(world.api.requests)
    await world.settle()
    assert verbs(world, mark) == ["get ModelService qwen"]
    assert world.process.store.parents() == []


async def test_a_ghost_that_someone_holds_is_left_alone_too() -> None:
    world = await ready()
    world.api.edit(api.KIND, lambda live: live["metadata"].update(finalizers=["example.com/keep"]))
    world.api.remove(api.KIND)
    world.api.remove("Service")
    world.gather()
    world.pending[:] = [event for event in world.pending if event.resource.kind != api.KIND]
    mark = len(world.api.requests)
    await world.settle()
    assert verbs(world, mark) == ["get ModelService qwen"]
    assert world.parent().deleting


async def test_a_namesake_that_no_watch_told_of_is_not_worked_on_as_its_predecessor() -> None:
    world = await ready()
    world.api.remove(api.KIND)
    world.api.collect_garbage()
    world.apply(uid="uid-new")
    world.gather()
    world.pending[:] = [event for event in world.pending if event.resource.kind != api.KIND]
    mark = len(world.api.requests)
    await world.settle()
    assert verbs(world, mark) == ["get ModelService qwen"]
    await world.heal()
    await world.rest()
    assert world.child("Deployment")["metadata"]["ownerReferences"][0]["uid"] == "uid-new"
    assert world.condition("Ready")[0] == "True"


# Status.


async def test_a_status_is_written_once_a_second_at_most() -> None:
    world = await ready()
    mark = len(world.api.requests)
    world.seconds += 5.0
    world.apply({**SPEC, "replicas": 3})
    world.deliver()
    assert await world.turn() is None
    world.deliver()
    world.seconds += 0.25
    world.roll_out()
    world.deliver()
    assert await world.turn() == 0.75
    world.seconds += 0.75
    assert await world.turn() is None
    assert verbs(world, mark).count("patch ModelService qwen/status") == 2
    assert world.status["ready"] == "3/3"


async def test_a_status_that_someone_else_wrote_first_is_computed_again_after_the_event() -> None:
    world = World()
    world.apply()
    world.deliver()

    def meanwhile(request: Request) -> None:
        if request.subresource:
            world.api.before = lambda _: None
            world.api.edit(api.KIND, lambda live: live["metadata"].update(labels={"team": "search"}))

    world.api.before = meanwhile
    assert await world.turn() == CONFLICT_PATIENCE, "the event may have been lost"
    assert world.condition("Ready") == ("Unknown", "Pending")
    await world.settle()
    assert world.condition("Ready") == ("Unknown", "Applying")
    assert "get ModelService qwen" not in verbs(world)


async def test_a_status_is_not_written_about_a_spec_that_is_no_longer_the_latest() -> None:
    world = World()
    world.apply()
    world.deliver()

    def meanwhile(request: Request) -> None:
        if request.kind == "Service":
            world.api.before = lambda _: None
            world.apply({**SPEC, "replicas": 5})
            world.deliver()

    world.api.before = meanwhile
    assert await world.turn() is None
    assert verbs(world)[-1] == "apply PodDisruptionBudget qwen", "and no status"


async def test_a_model_service_that_is_gone_when_its_status_is_written_is_forgotten() -> None:
    world = World()
    world.apply()
    world.deliver()

    def meanwhile(request: Request) -> None:
        if request.subresource:
            world.api.remove(api.KIND)

    world.api.before = meanwhile
    assert await world.turn() is None
    assert world.process.store.parents() == []


async def test_numbers_in_messages_are_renewed_after_ten_minutes() -> None:
    world = World()
    world.apply()
    await world.settle()
    world.roll_out(available=False)
    world.api.put(pod("0/5 nodes are available: 5 Insufficient nvidia.com/gpu."))
    await world.settle()
    first = world.status["problems"][0]["message"]
    assert "5 of 5 nodes" in first
    world.seconds += 10.0
    world.api.set_status("Pod", pod("0/6 nodes are available: 6 Insufficient nvidia.com/gpu.")["status"], "qwen-7d9c-a")
    await world.settle()
    assert world.status["problems"][0]["message"] == first
    world.seconds += 600.0
    await world.settle()
    assert "6 of 6 nodes" in world.status["problems"][0]["message"]


async def test_transitions_are_told_as_events() -> None:
    world = await ready()
    world.apply({"model": {"uri": "ftp://models/qwen"}})
    await world.settle()
    assert [(event.type, event.reason) for event in world.process.recorder.events] == [
        ("Normal", "Ready"),
        ("Warning", "InvalidSpec"),
    ]


async def test_the_number_to_start_with_survives_a_write_that_fails() -> None:
    world = World()
    scaling = {"maxReplicas": 5, "targets": [{"type": "CPUUtilization", "value": "80"}]}
    world.apply({**SPEC, "replicas": 3, "scaling": scaling})
    world.deliver()
    world.api.fail("force Deployment", Failure(409, "Conflict", "the object has been modified"))
    with pytest.raises(ApiError):
        await world.process.reconciler.reconcile(KEY)
    await world.rest()
    assert world.child("Deployment")["spec"]["replicas"] == 3


SCALING: Final[Manifest] = {"maxReplicas": 8, "targets": [{"type": "CPUUtilization", "value": "80"}]}


async def test_a_controller_that_is_faster_than_the_number_to_start_with_does_no_harm() -> None:
    world = World()
    world.apply({**SPEC, "replicas": 3, "scaling": SCALING})
    world.deliver()

    def meanwhile(request: Request) -> None:
        if str(request).startswith("force Deployment"):
            world.api.before = lambda _: None
            world.api.set_status("Deployment", {"observedGeneration": 1})

    world.api.before = meanwhile
    await world.process.reconciler.reconcile(KEY)
    assert world.child("Deployment")["spec"]["replicas"] == 3
    assert verbs(world).count("force Deployment qwen") == 1


async def test_an_orphan_that_is_adopted_with_scaling_keeps_its_replicas() -> None:
    world = await ready({**SPEC, "replicas": 4})
    world.api.remove(api.KIND)
    for kind in ("Deployment", "Service", "PodDisruptionBudget", "ControllerRevision"):
        for live in world.api.objects(kind):
            world.api.edit(kind, lambda found: found["metadata"].pop("ownerReferences"), live["metadata"]["name"])
    world.deliver()
    seen: set[int] = set()
    world.api.before = lambda _: seen.add(world.child("Deployment")["spec"]["replicas"])
    world.apply({**SPEC, "scaling": SCALING}, uid="uid-new")
    await world.rest()
    assert seen | {world.child("Deployment")["spec"]["replicas"]} == {4}


async def test_switching_scaling_on_never_shows_another_number() -> None:
    world = await ready({**SPEC, "replicas": 4})
    seen: set[int] = set()
    world.api.before = lambda _: seen.add(world.child("Deployment")["spec"]["replicas"])
    world.apply({**SPEC, "scaling": SCALING})
    await world.rest()
    assert seen | {world.child("Deployment")["spec"]["replicas"]} == {4}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(Failure(403, "Forbidden", DENIED), "AdmissionDenied"), (Failure(422, "Invalid", "no"), "InvalidSpec")],
)
async def test_a_scale_write_that_is_refused_is_told_and_holds_up_no_other_child(failure: Failure, reason: str) -> None:
    world = await ready({**SPEC, "scaling": SCALING})
    world.api.fail("force Deployment", failure, times=99)
    world.apply({**SPEC, "scaling": SCALING, "suspend": True, "endpoint": {"port": 8080}})
    await world.settle()
    assert world.condition("Ready") == ("False", reason)
    assert world.status["observedGeneration"] == world.parent().generation
    assert world.child("Service")["spec"]["ports"][0]["port"] == 8080


async def test_an_autoscaler_that_cannot_be_deleted_is_told() -> None:
    world = await ready({**SPEC, "scaling": SCALING})
    world.api.fail("delete HorizontalPodAutoscaler", Failure(403, "Forbidden", "User cannot delete"), times=99)
    world.apply(SPEC)
    await world.settle()
    assert world.condition("Ready") == ("False", "Forbidden")
    assert world.status["observedGeneration"] == world.parent().generation


async def test_a_note_of_replicas_that_someone_else_keeps_is_no_reason_to_write() -> None:
    world = await ready({**SPEC, "scaling": SCALING})
    note = {names.RESUME_REPLICAS: "3"}
    world.api.edit("Deployment", lambda live: live["metadata"]["annotations"].update(note), manager="velero")
    world.api.edit("Deployment", lambda live: live["spec"].update(replicas=6), manager="kube-controller-manager")
    mark = len(world.api.requests)
    await world.rest()
    assert world.child("Deployment")["spec"]["replicas"] == 6
    assert [write for write in world.api.writes(mark) if "Deployment" in write] == []


def waiting_pod() -> Manifest:
    """It has a node, and does not say what it waits for."""
    state = {"name": "server", "state": {"waiting": {"reason": "ContainerCreating"}}}
    spec = {"nodeName": "gpu-1", "containers": [{"name": "server"}]}
    return {**pod(""), "spec": spec, "status": {"phase": "Pending", "containerStatuses": [state]}}


def crashed_pod() -> Manifest:
    end = {"exitCode": 1, "reason": "Error", "message": "", "finishedAt": "2026-11-22T10:00:00Z"}
    state = {"name": "server", "state": {"terminated": end}}
    return {**pod(""), "spec": {"containers": [{"name": "server"}]}, "status": {"containerStatuses": [state]}}


def told(reason: str, message: str) -> Manifest:
    live = {"name": "qwen-7d9c-a", "uid": "uid-pod"}
    return {"type": "Warning", "reason": reason, "message": message, "involvedObject": live}


async def test_what_events_say_of_a_pod_that_waits_reaches_the_status_and_survives_a_restart() -> None:
    world = World()
    world.apply()
    await world.settle()
    waiting = waiting_pod()
    waiting["metadata"]["uid"] = "uid-pod"
    world.api.put(waiting)
    world.api.told.append(told("FailedMount", 'MountVolume.SetUp failed for volume "weights" : timed out'))
    world.roll_out(available=False)
    await world.settle()
    await world.ask()
    assert "problems" not in world.status, "most pods start before they are asked about"
    world.seconds += 10.0
    await world.ask()
    await world.settle()
    assert [problem["reason"] for problem in world.status["problems"]] == ["VolumeMountFailed"]
    assert verbs(world).count("list Event") == 1
    writes = len(world.api.writes())
    await world.restart()
    await world.settle(patience=0.0)
    world.seconds += 10.0
    await world.ask()
    await world.settle()
    assert verbs(world).count("list Event") == 2
    assert len(world.api.writes()) == writes, "the new process waits until it was told the same"


async def test_a_crash_is_told_once_with_what_was_printed_before() -> None:
    world = World()
    world.apply()
    await world.settle()
    world.seconds += 5.0
    world.api.put(crashed_pod())
    world.api.printed["qwen-7d9c-a"] = "OSError: [Errno 28] No space left on device\n" + "traceback\n" * 200
    world.roll_out(available=False)
    writes = len(world.api.writes())
    await world.settle(patience=0.0)
    await world.ask()
    await world.settle()
    assert [problem["reason"] for problem in world.status["problems"]] == ["DiskFull"]
    assert len(world.api.writes()) == writes + 1, "no status says less in the meantime"


async def test_a_crash_is_told_without_evidence_if_that_takes_too_long() -> None:
    world = World()
    world.apply()
    await world.settle()
    world.api.put(crashed_pod())
    world.roll_out(available=False)
    await world.settle()
    assert [problem["reason"] for problem in world.status["problems"]] == ["CrashLooping"]


async def test_what_was_found_converged_is_not_planned_again_when_only_pods_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await ready()
    await world.turn()
    monkeypatch.setattr("modelservice_operator.reconcile.read_spec", lambda *_: pytest.fail("it was planned"))
    world.api.put(pod("0/8 nodes are available: 8 Insufficient nvidia.com/gpu."))
    world.deliver()
    assert await world.turn() is None


async def test_a_namespace_of_another_operator_is_left_alone_and_taken_back_without_a_write() -> None:
    world = await ready()
    mark = len(world.api.requests)
    reconciler = world.process.reconciler
    reconciler._wait = lambda _: None
    world.apply({**SPEC, "replicas": 3})
    await world.settle()
    assert world.api.requests[mark:] == []
    reconciler._wait = lambda _: 4.0
    assert await world.turn() == 4.0
    world.apply(SPEC)
    reconciler._wait = lambda _: 0.0
    await world.settle()
    assert world.api.writes(mark) == ["patch ModelService qwen/status"], "its generation is another one"
