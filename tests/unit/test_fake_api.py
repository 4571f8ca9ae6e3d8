"""The API server in memory keeps the rules that were seen on a real one (Kubernetes 1.36)."""

from typing import Final

import pytest

from modelservice_operator import api
from modelservice_operator.cluster.errors import ApiError
from modelservice_operator.cluster.resources import MODEL_SERVICE, SERVICE
from modelservice_operator.manifest import Manifest
from unit.cluster.objects import model_service
from unit.fake_api import FakeApi, FakeClient
from unit.world import our_labels, owned_by

PORT: Final[Manifest] = {"name": "http", "port": 80, "targetPort": "http"}


def service(*ports: Manifest, **metadata: object) -> Manifest:
    spec = {"ports": list(ports) or [PORT], "selector": {"app": "qwen"}}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "ml", "name": "qwen", **metadata},
        "spec": spec,
    }


def stage() -> tuple[FakeApi, FakeClient]:
    fake = FakeApi()
    return fake, FakeClient(fake)


def live(fake: FakeApi, kind: str = "Service") -> Manifest:
    found = fake.live(kind)
    assert found is not None
    return found


async def test_an_apply_creates_with_defaults_and_again_changes_nothing() -> None:
    fake, client = stage()
    answer, created = await client.apply(service(), force=False)
    assert created
    assert answer["spec"]["ports"] == [{**PORT, "protocol": "TCP"}]
    again, created = await client.apply(service(), force=False)
    assert not created
    assert again == answer
    assert [event.type for event in fake.events] == [], "it has not the label by which we watch"


async def test_an_apply_removes_what_it_no_longer_holds_and_leaves_what_others_set() -> None:
    fake, client = stage()
    await client.apply(service(labels={"ours": "1", "both": "1"}), force=False)
    fake.edit("Service", lambda found: found["metadata"]["labels"].update(theirs="2", both="2"))
    await client.apply(service({"port": 81}), force=False)
    assert live(fake)["metadata"]["labels"] == {"theirs": "2", "both": "2"}
    assert live(fake)["spec"]["ports"] == [{"port": 81, "protocol": "TCP"}]


async def test_without_force_what_others_set_is_a_conflict_and_with_force_it_is_taken() -> None:
    fake, client = stage()
    fake.put(service())
    other = service({"name": "http", "port": 80, "targetPort": "other"})
    before = live(fake)
    with pytest.raises(ApiError) as caught:
        await client.apply(other, force=False)
    assert caught.value.status == 409
    assert [cause.reason for cause in caught.value.causes] == ["FieldManagerConflict"]
    assert live(fake) == before
    await client.apply(other, force=True)
    assert live(fake)["spec"]["ports"][0]["targetPort"] == "other"
    await client.apply(other, force=False)


@pytest.mark.parametrize(("there", "status", "field"), [(False, 409, None), (True, 422, "metadata.uid")])
async def test_an_apply_with_a_uid_is_meant_for_one_object(there: bool, status: int, field: str | None) -> None:
    fake, client = stage()
    if there:
        fake.put(service())
    with pytest.raises(ApiError) as caught:
        await client.apply(service(uid="uid-other"), force=True)
    assert caught.value.status == status
    assert [cause.field for cause in caught.value.causes] == ([field] if field else [])


async def test_an_owner_of_another_manager_is_a_second_controller_and_our_own_is_replaced() -> None:
    fake, client = stage()
    fake.put(service(ownerReferences=owned_by("uid-1")))
    with pytest.raises(ApiError) as caught:
        await client.apply(service(ownerReferences=owned_by("uid-2")), force=True)
    assert caught.value.status == 422
    fake.remove("Service")
    await client.apply(service(ownerReferences=owned_by("uid-1")), force=False)
    await client.apply(service(ownerReferences=owned_by("uid-2")), force=False)
    assert [owner["uid"] for owner in live(fake)["metadata"]["ownerReferences"]] == ["uid-2"]


async def test_generations_move_with_the_spec_alone() -> None:
    fake, client = stage()
    fake.put(model_service())
    assert live(fake, api.KIND)["metadata"]["generation"] == 1
    patch = {"status": {"ready": "1/1"}, "spec": {"replicas": 9}}
    answer = await client.merge_patch(MODEL_SERVICE, "ml", "qwen", patch, subresource="status")
    assert answer["metadata"]["generation"] == 1
    assert answer["spec"]["replicas"] == 1, "the spec is not part of the status"
    assert answer["status"]["ready"] == "1/1"
    fake.edit(api.KIND, lambda found: found["spec"].update(replicas=2))
    assert live(fake, api.KIND)["metadata"]["generation"] == 2


async def test_a_patch_of_an_older_version_is_refused() -> None:
    fake, client = stage()
    fake.put(model_service())
    version = live(fake, api.KIND)["metadata"]["resourceVersion"]
    fake.edit(api.KIND, lambda found: found["spec"].update(replicas=2))
    patch = {"metadata": {"resourceVersion": version}, "status": {"ready": "1/1"}}
    with pytest.raises(ApiError) as caught:
        await client.merge_patch(MODEL_SERVICE, "ml", "qwen", patch, subresource="status")
    assert caught.value.status == 409


async def test_a_watch_tells_of_a_lost_label_as_of_a_deletion() -> None:
    fake, client = stage()
    await client.apply(service(labels=our_labels()), force=False)
    fake.edit("Service", lambda found: found["spec"].update(selector={"app": "theirs"}))
    fake.edit("Service", lambda found: found["metadata"].pop("labels"))
    fake.edit("Service", lambda found: found["spec"].update(selector={"app": "other"}))
    fake.edit("Service", lambda found: found["metadata"].update(labels=our_labels()))
    fake.remove("Service")
    assert [event.type for event in fake.events] == ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]
    versions = [int(event.manifest["metadata"]["resourceVersion"]) for event in fake.events]
    assert versions == sorted(set(versions))


async def test_finalizers_hold_what_is_deleted() -> None:
    fake, client = stage()
    fake.put(service(finalizers=["example.com/keep"]))
    uid = live(fake)["metadata"]["uid"]
    await client.delete(SERVICE, "ml", "qwen", "uid-other")
    assert "deletionTimestamp" not in live(fake)["metadata"]
    await client.delete(SERVICE, "ml", "qwen", uid)
    assert "deletionTimestamp" in live(fake)["metadata"]
    fake.edit("Service", lambda found: found["metadata"].pop("finalizers"))
    assert fake.live("Service") is None


def test_garbage_is_what_has_no_living_owner() -> None:
    fake = FakeApi()
    fake.put(model_service())
    fake.put(service(ownerReferences=owned_by("uid-ms")))
    fake.put({**service(), "metadata": {"name": "stray"}})
    fake.collect_garbage()
    assert fake.live("Service") is not None
    fake.remove(api.KIND)
    fake.collect_garbage()
    assert [found["metadata"]["name"] for found in fake.objects("Service")] == ["stray"]


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("Service", {"spec": {"selector": {}}}, "spec.ports"),
        ("Deployment", {"spec": {"selector": {"matchLabels": {"a": "b"}}}}, "spec.selector"),
        ("ControllerRevision", {"data": {"other": 1}}, "data"),
    ],
)
def test_what_cannot_be_is_refused(kind: str, change: Manifest, field: str) -> None:
    fake = FakeApi()
    spec = {"selector": {"matchLabels": {}}, "template": {"spec": {"containers": []}}}
    base = {"metadata": {"name": "qwen"}, "kind": kind, "data": {}}
    whole = {"Service": service(), "Deployment": {**base, "spec": {**spec, "selector": {"a": "a"}}}}
    fake.put(whole.get(kind, base))
    before = live(fake, kind)

    def wrong(found: Manifest) -> None:
        for part, value in change.items():
            found[part] = {**before["spec"], **value} if kind == "Deployment" else value

    with pytest.raises(ApiError, match=f"422 Invalid: .* is invalid: {field}: "):
        fake.edit(kind, wrong)
    assert live(fake, kind) == before
