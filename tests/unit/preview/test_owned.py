"""Of a live child what is the operator's matter, and nothing that others add."""

import copy

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.owned import in_words_of, owned
from unit.world import World


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
