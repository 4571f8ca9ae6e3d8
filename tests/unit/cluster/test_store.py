"""The store: the order, repetition and loss of news do not matter, and nothing comes back from the dead."""

from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.cluster.store import TOMBSTONES, Key, Store
from modelservice_operator.manifest import Manifest
from unit.cluster.objects import child, model_service, node, pod, revision

KEY = Key("ml", "qwen")


def changes(store: Store) -> list[Key]:
    seen: list[Key] = []
    store.on_change = seen.append
    return seen


def test_a_child_is_found_under_its_owner_and_wakes_it() -> None:
    store = Store()
    seen = changes(store)
    store.upsert(model_service())
    store.upsert(child())
    assert store.family(KEY).parent is not None
    assert list(store.family(KEY).children) == [("Service", "qwen")]
    assert seen == [KEY, KEY]


def test_what_is_as_old_or_older_is_ignored() -> None:
    store = Store()
    store.upsert(model_service(version=5, replicas=3))
    seen = changes(store)
    store.upsert(model_service(version=5, replicas=1))
    store.upsert(model_service(version=4, replicas=1))
    parent = store.family(KEY).parent
    assert parent is not None
    assert parent.spec["replicas"] == 3
    assert seen == []


def test_a_late_answer_does_not_bring_back_what_was_deleted() -> None:
    store = Store()
    store.upsert(child(version=3))
    store.remove(child(version=7))
    store.upsert(child(version=6))
    assert store.family(KEY).children == {}
    store.upsert(child(version=8))
    assert store.family(KEY).children, "an object that had only lost its label has it again"


def test_an_event_about_a_predecessor_leaves_its_successor_alone() -> None:
    store = Store()
    store.upsert(child(uid="new", version=9))
    store.remove(child(uid="old", version=10))
    assert store.family(KEY).children["Service", "qwen"].uid == "new"


def test_a_namesake_takes_the_place_of_its_predecessor() -> None:
    store = Store()
    store.upsert(model_service(uid="old", version=3))
    store.upsert(model_service(uid="new", version=8))
    parent = store.family(KEY).parent
    assert parent is not None
    assert parent.uid == "new"


def test_a_list_removes_ghosts_but_not_what_is_newer_than_it() -> None:
    store = Store()
    store.upsert(child(name="ghost", uid="ghost", version=3))
    store.upsert(child(name="fresh", uid="fresh", version=20))
    seen = changes(store)
    store.upsert(child(name="kept", uid="kept", version=4))
    store.prune("Service", {"kept"}, 10)
    names = {name for key in ("ghost", "fresh", "kept") for _, name in store.family(Key("ml", key)).children}
    assert names == {"fresh", "kept"}
    assert Key("ml", "ghost") in seen


def test_a_child_whose_owner_changes_leaves_the_old_family_and_wakes_both() -> None:
    store = Store()
    store.upsert(child(owner=None, version=1))
    moved = child(owner=None, version=2)
    moved["metadata"]["labels"]["modelservice.dev/name"] = "other"
    seen = changes(store)
    store.upsert(moved)
    assert store.family(KEY).children == {}
    assert set(seen) == {KEY, Key("ml", "other")}


def test_a_judged_child_needs_no_body_until_somebody_changes_it() -> None:
    store = Store()
    store.upsert(child(version=1, spec={"type": "ClusterIP"}))
    known = store.family(KEY).children["Service", "qwen"]
    known.judge("hash")
    with_status = child(version=2, spec={"type": "ClusterIP"}) | {"status": {"loadBalancer": {}}}
    store.upsert(with_status)
    after_status = store.family(KEY).children["Service", "qwen"]
    assert after_status.holds("hash")
    assert after_status.body is None
    store.upsert(child(version=3, spec={"type": "NodePort"}))
    edited = store.family(KEY).children["Service", "qwen"]
    assert not edited.holds("hash")
    assert edited.body is not None


def test_a_late_word_of_a_lost_label_does_not_remove_what_has_it_again() -> None:
    """Our apply put the label back before the watch told that it was gone."""
    store = Store()
    store.upsert(child(version=3))
    store.upsert(child(version=6))
    store.remove(child(version=5))
    assert store.family(KEY).children["Service", "qwen"].resource_version == 6
    store.upsert(child(version=7))
    assert store.family(KEY).children["Service", "qwen"].resource_version == 7


def test_a_grave_is_as_deep_as_the_latest_word() -> None:
    store = Store()
    store.remove(child(version=7))
    store.remove(child(version=5))
    store.upsert(child(version=6))
    assert store.family(KEY).children == {}


def test_the_oldest_graves_are_given_up() -> None:
    store = Store()
    for number in range(TOMBSTONES + 1):
        store.remove(child(uid=f"uid-{number}", version=9))
    store.upsert(child(uid="uid-1", version=8))
    assert store.family(KEY).children == {}
    store.upsert(child(uid="uid-0", version=8))
    assert store.family(KEY).children["Service", "qwen"].uid == "uid-0"


def test_what_the_api_server_calls_gone_is_forgotten_for_good() -> None:
    store = Store()
    store.upsert(child(version=3))
    seen = changes(store)
    store.forget("Service", "ml", "qwen", "another-uid")
    assert store.family(KEY).children
    store.forget("Service", "ml", "qwen", "uid-child")
    assert store.family(KEY).children == {}
    assert seen == [KEY]
    store.upsert(child(version=3))
    assert store.family(KEY).children == {}, "a late list brings nothing back"


def test_a_list_says_nothing_of_other_kinds() -> None:
    store = Store()
    store.upsert(child("Service", version=3))
    store.upsert(child("Deployment", uid="uid-deployment", version=3))
    store.prune("Service", set(), 10)
    assert list(store.family(KEY).children) == [("Deployment", "qwen")]
    assert store.family(KEY).deployment is not None


def test_the_deployment_comes_and_goes_with_its_child() -> None:
    store = Store()
    store.upsert(child("Deployment", version=3, spec={"replicas": 3}))
    deployment = store.family(KEY).deployment
    assert deployment is not None
    assert deployment.wanted_replicas == 3
    store.remove(child("Deployment", version=4))
    assert store.family(KEY).deployment is None


def test_a_deployment_of_another_name_is_not_the_one_that_is_judged() -> None:
    store = Store()
    other = child("Deployment", name="other")
    other["metadata"]["ownerReferences"][0]["name"] = "qwen"
    store.upsert(other)
    assert list(store.family(KEY).children) == [("Deployment", "other")]
    assert store.family(KEY).deployment is None
    store.remove(child("Deployment", name="other", version=2))
    assert store.family(KEY).children == {}


def test_only_the_newest_revision_keeps_its_template_in_memory() -> None:
    store = Store()
    for number in (2, 3, 1):
        store.upsert(revision(number))
    kept = {name: known.template for name, known in store.family(KEY).revisions.items()}
    assert kept == {"qwen-1": None, "qwen-2": None, "qwen-3": {"spec": {"name": "3"}}}
    rolled_back = {**revision(1, version=5), "revision": 4}
    store.upsert(rolled_back)
    kept = {name: known.template for name, known in store.family(KEY).revisions.items()}
    assert kept == {"qwen-1": {"spec": {"name": "1"}}, "qwen-2": None, "qwen-3": None}


def test_pods_are_found_by_their_label_and_wake_when_something_that_matters_changes() -> None:
    store = Store()
    seen = changes(store)
    store.upsert(pod(version=1))
    store.upsert(pod(version=2))
    assert seen == [KEY], "the second event held no news"
    store.upsert(pod(version=3, phase="Failed"))
    assert store.family(KEY).pods["qwen-a"].phase == "Failed"
    store.remove(pod(version=4))
    assert store.family(KEY).pods == {}
    assert seen == [KEY] * 3


def turned(version: int, ready: str, since: str, *, uid: str = "uid-qwen-a") -> Manifest:
    """The pod, whose server runs since 10:01 and which is ready, or not, since then."""
    manifest = pod(version=version)
    manifest["metadata"]["uid"] = uid
    manifest["spec"]["containers"] = [{"name": "server"}]
    manifest["status"] |= {
        "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": f"2026-11-22T{since}Z"}],
        "containerStatuses": [{"name": "server", "state": {"running": {"startedAt": "2026-11-22T10:01:00Z"}}}],
    }
    return manifest


def test_a_pod_starts_once() -> None:
    """Not when it was ready at first sight, not when it is ready again, and not when a late word repeats it."""
    started: list[str] = []
    store = Store(on_start=lambda pod: started.append(pod.first_ready))
    store.upsert(pod(version=1, phase="Pending"))
    store.upsert(turned(2, "False", "10:00:00"))
    assert started == []
    store.upsert(turned(3, "True", "10:05:00"))
    store.upsert(turned(2, "False", "10:00:00"))
    store.upsert(turned(4, "False", "11:00:00"))
    store.upsert(turned(5, "True", "11:01:00"))
    assert started == ["2026-11-22T10:05:00Z"]
    assert store.family(KEY).pods["qwen-a"].first_ready == "2026-11-22T10:05:00Z"
    store.upsert(turned(6, "True", "12:00:00", uid="uid-namesake"))
    assert started == ["2026-11-22T10:05:00Z"]
    assert store.family(KEY).pods["qwen-a"].first_ready == ""


def test_a_node_wakes_those_whose_pods_are_on_it() -> None:
    store = Store()
    store.upsert(pod(node="gpu-1"))
    seen = changes(store)
    store.upsert(node("gpu-1"))
    store.upsert(node("gpu-2"))
    store.upsert(node("gpu-1", version=2))
    assert seen == [KEY], "neither another node nor a heartbeat"
    assert store.nodes["gpu-1"].allocatable == {"nvidia.com/gpu": 8}
    store.upsert(node("gpu-1", gpus=7, version=3))
    store.remove(node("gpu-1", version=4))
    assert list(store.nodes) == ["gpu-2"]
    assert seen == [KEY] * 3
    store.remove(pod(node="gpu-1", version=5))
    seen.clear()
    store.upsert(node("gpu-1", version=6))
    assert seen == [], "the pod is gone"


def test_services_are_those_that_exist() -> None:
    store = Store()
    store.upsert(child(name="orphaned"))
    store.upsert(model_service())
    assert store.services() == [KEY]
    assert [parent.name for parent in store.parents()] == ["qwen"]
    store.remove(model_service(version=2))
    assert store.services() == []
    assert store.parents() == []


def test_nothing_is_left_of_a_family_that_is_gone() -> None:
    store = Store()
    members = [model_service(), child(), child("Deployment", uid="uid-d"), revision(1), pod()]
    for manifest in members:
        store.upsert(manifest)
    for manifest in members:
        store.remove(manifest)
    assert store._families == {}
    assert store._records == {}


def history() -> list[tuple[str, Manifest]]:
    """One object's life: made, changed twice, deleted, made anew, changed."""
    life = [("upsert", child(uid="a", version=version)) for version in (1, 2, 3)]
    life.append(("remove", child(uid="a", version=4)))
    return [*life, *(("upsert", child(uid="b", version=version)) for version in (5, 6))]


@given(st.permutations(history()), st.lists(st.sampled_from(history()), max_size=5))
def test_any_order_and_repetition_ends_in_the_same_state(
    order: list[tuple[str, Manifest]], extra: list[tuple[str, Manifest]]
) -> None:
    store = Store()
    for action, manifest in [*order, *extra]:
        getattr(store, action)(manifest)
    store.upsert(child(uid="b", version=6))
    found = store.family(KEY).children["Service", "qwen"]
    assert (found.uid, found.resource_version) == ("b", 6)
