"""What was found converged is looked at again when something that it depends on changes, and only then."""

from collections.abc import Callable

import pytest

from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.convergence import basis
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from unit.cluster.objects import child, model_service, node, pod, revision

KEY = Key("ml", "qwen")


def deployment(version: int = 1, **spec: object) -> Manifest:
    found = child("Deployment", uid="uid-deployment", version=version, spec={"replicas": 1, **spec})
    found["metadata"]["generation"] = 1
    return found


def full() -> Store:
    store = Store()
    for manifest in (model_service(), deployment(), child(), revision(1), pod()):
        store.upsert(manifest)
    return store


def of(store: Store) -> object:
    family = store.family(KEY)
    assert family.parent is not None
    return basis(family.parent, family)


def another_owner(store: Store) -> None:
    store.upsert(child(version=2, owner="uid-other"))


def another_generation(store: Store) -> None:
    manifest = model_service(version=2, replicas=3)
    manifest["metadata"]["generation"] = 2
    store.upsert(manifest)


def another_serving_revision(store: Store) -> None:
    store.upsert({**model_service(version=2), "status": {"revision": {"serving": "qwen-1"}}})


def changed_child(store: Store) -> None:
    store.upsert(child(version=2, spec={"type": "NodePort"}))


def child_being_deleted(store: Store) -> None:
    manifest = child(version=2)
    manifest["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    store.upsert(manifest)


def hash_taken_away(store: Store) -> None:
    manifest = child(version=2)
    manifest["metadata"]["annotations"] = {names.APPLIED_HASH: "other"}
    store.upsert(manifest)


def no_child(store: Store) -> None:
    store.remove(child(version=2))


def revision_renumbered(store: Store) -> None:
    store.upsert(revision(1, version=2) | {"revision": 5})


def one_revision_more(store: Store) -> None:
    store.upsert(revision(2))


def note_of_replicas(store: Store) -> None:
    manifest = deployment(version=2)
    manifest["metadata"]["annotations"] = {names.RESUME_REPLICAS: "3"}
    store.upsert(manifest)


@pytest.mark.parametrize(
    "change",
    [
        another_owner,
        another_generation,
        another_serving_revision,
        changed_child,
        child_being_deleted,
        hash_taken_away,
        no_child,
        revision_renumbered,
        one_revision_more,
        note_of_replicas,
    ],
)
def test_it_changes_with(change: Callable[[Store], None]) -> None:
    store = full()
    before = of(store)
    change(store)
    assert of(store) != before


def test_it_does_not_change_with_pods_counts_nodes_and_the_status() -> None:
    store = full()
    before = of(store)
    store.upsert(pod(version=2, phase="Failed"))
    store.upsert(deployment(version=2) | {"status": {"replicas": 1, "readyReplicas": 1}})
    store.upsert({**model_service(version=2), "status": {"ready": "1/1"}})
    store.upsert(node("gpu-1"))
    assert of(store) == before
