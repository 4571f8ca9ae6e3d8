"""Of a live child what is the operator's matter, and nothing that others add."""

import copy

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.owned import in_words_of, is_ours, owned
from unit.world import SPEC, World


async def deployment() -> tuple[Manifest, Manifest]:
    """A live one, and its intent."""
    world = World()
    world.apply()
    await world.rest()
    return world.child("Deployment"), world.intents()[0]


async def test_what_was_applied_is_what_is_wanted() -> None:
    live, intent = await deployment()
    assert in_words_of(owned(live, intent), intent) == owned(live, intent) == intent


async def test_what_others_add_is_left_out() -> None:
    live, intent = await deployment()
    live["metadata"]["annotations"] |= {"example.com/note": "theirs"}
    live["spec"]["template"]["metadata"]["annotations"] = {"example.com/restarted": "now"}
    live["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "image": "proxy"})
    live["spec"]["template"]["spec"]["containers"][0]["terminationMessagePath"] = "/dev/termination-log"
    assert owned(live, intent) == intent


async def test_what_was_applied_and_is_no_longer_wanted_is_there() -> None:
    live, intent = await deployment()
    without = copy.deepcopy(intent)
    container = without["spec"]["template"]["spec"]["containers"][0]
    gone = container["env"].pop()
    del container["lifecycle"]
    found = owned(live, without)["spec"]["template"]["spec"]["containers"][0]
    assert gone in found["env"]
    assert "lifecycle" in found


async def test_what_others_changed_of_it_is_there() -> None:
    live, intent = await deployment()
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "theirs"
    assert owned(live, intent)["spec"]["template"]["spec"]["containers"][0]["image"] == "theirs"


async def test_without_managed_fields_what_is_wanted_is_compared() -> None:
    live, intent = await deployment()
    del live["metadata"]["managedFields"]
    assert owned(live, intent) == intent


@pytest.mark.parametrize(
    ("live", "wanted", "told"),
    [
        ({"a": 1}, {"a": 1, "b": {}, "c": "", "d": False}, {"a": 1}),
        ({"a": 1, "gone": 2}, {"a": 2}, {"a": 2}),
        (
            {"resources": {"limits": {"cpu": "1"}}},
            {"resources": {"limits": {"cpu": "1000m"}}},
            {"resources": {"limits": {"cpu": "1"}}},
        ),
        ({"cpu": "1"}, {"cpu": "1000m"}, {"cpu": "1000m"}),
        (
            {"env": [{"name": "B"}, {"name": "A"}]},
            {"env": [{"name": "A"}, {"name": "C"}, {"name": "B"}]},
            {"env": [{"name": "B"}, {"name": "A"}, {"name": "C"}]},
        ),
        ({"ports": [{"port": 80, "protocol": "TCP"}]}, {"ports": [{"port": 80}]}, {"ports": [{"port": 80}]}),
        ({"args": ["b", "a"]}, {"args": ["a", "b"]}, {"args": ["a", "b"]}),
        (
            {"tolerations": [{"key": "x", "operator": "Exists"}]},
            {"tolerations": [{"key": "x"}]},
            {"tolerations": [{"key": "x", "operator": "Exists"}]},
        ),
        ({}, {"emptyDir": {}}, {"emptyDir": {}}),
    ],
)
def test_in_the_words_of_the_live_object(live: Manifest, wanted: Manifest, told: Manifest) -> None:
    assert in_words_of(live, wanted) == told


@pytest.mark.parametrize(
    ("manager", "subresource", "ours"),
    [
        ("modelservice-operator", "", True),
        ("modelservice-operator-scale", "", True),
        ("modelservice-operator", "status", False),
        ("kubectl-set", "", False),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "spec.replicas",
        "spec.template.spec.containers[server].image",
        "spec.template.spec.containers[server].args[3]",
        "spec.template.spec.containers[server].ports[8000]",
        "metadata.labels.modelservice.dev/name",
    ],
)
def test_a_field_is_ours_while_one_of_our_managers_holds_it(
    manager: str, subresource: str, ours: bool, path: str
) -> None:
    ports: Manifest = {".": {}, 'k:{"containerPort":8000,"protocol":"TCP"}': {".": {}, "f:name": {}}}
    server = {"f:image": {}, "f:args": {}, "f:ports": ports}
    fields = {
        "f:metadata": {"f:labels": {"f:modelservice.dev/name": {}}},
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {'k:{"name":"server"}': server}}}},
    }
    entry = {"manager": manager, "subresource": subresource, "fieldsV1": fields}
    assert is_ours({"metadata": {"managedFields": [entry]}}, path) is ours


@pytest.mark.parametrize(
    "path",
    ["spec.paused", "spec.replica", "spec.template.spec.containers[a].image", "metadata.labels.modelservice"],
)
def test_what_no_entry_holds_is_not_ours(path: str) -> None:
    containers: Manifest = {"f:containers": {'k:{"name":"server"}': {"f:image": {}}, "v:1": {}}}
    fields = {
        "f:metadata": {"f:labels": {"f:modelservice.dev/name": {}}},
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": containers}},
    }
    entry = {"manager": "modelservice-operator", "fieldsV1": fields}
    assert is_ours({"metadata": {"managedFields": [entry]}}, path) is False
    assert is_ours({"metadata": {}}, path) is False


async def test_a_removed_account_is_told_once() -> None:
    """The API server keeps it under two names."""
    _, without = await deployment()
    world = World()
    world.apply({**SPEC, "serviceAccountName": "reader"})
    await world.rest()
    live = world.child("Deployment")
    assert live["spec"]["template"]["spec"]["serviceAccount"] == "reader"
    found = owned(live, without)["spec"]["template"]["spec"]
    assert found["serviceAccountName"] == "reader"
    assert "serviceAccount" not in found
