"""The store: the order, repetition and loss of news do not matter, and nothing comes back from the dead."""

from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.manifest import Manifest
from unit.cluster.objects import child, model_service

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
