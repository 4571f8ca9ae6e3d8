"""The commands that ask a cluster, without one."""

import json
from dataclasses import replace

import pytest
from typing_extensions import override

from modelservice_operator.records.parent import Parent
from modelservice_operator.report import command
from modelservice_operator.report.command import _entry, _exit_code, _listing, _report, _services
from modelservice_operator.report.reading import Reader, Reading
from unit.fake_api import FakeClient
from unit.preview.cases import at_rest
from unit.report.test_unseen import read
from unit.world import SPEC, World


class Readings(Reader):
    """Reads the world, and lets something happen after each look."""

    def __init__(self, world: World, *, operator: bool) -> None:
        super().__init__(FakeClient(world.api))
        self._world, self._operator = world, operator
        self.looks = 0

    @override
    async def read(self, namespace: str, name: str) -> Reading:
        self.looks += 1
        reading = read(self._world)
        if self._operator:
            await self._world.rest()
        return reading


@pytest.mark.parametrize(("operator", "reason"), [(True, "ReplicasReady"), (False, "StatusOutdated")])
async def test_a_status_that_lies_behind_is_looked_at_twice(
    operator: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "LAG", 0)
    world = await at_rest()
    world.api.remove("Service")
    readings = Readings(world, operator=operator)
    found = await _report(readings, "ml", "qwen")
    assert (found.reason, readings.looks) == (reason, 2)


async def test_a_status_that_is_of_now_is_looked_at_once() -> None:
    readings = Readings(await at_rest(), operator=False)
    found = await _report(readings, "ml", "qwen")
    assert (found.reason, readings.looks) == ("ReplicasReady", 1)


class Lists(Reader):
    """Gives one list after the other."""

    def __init__(self, *lists: list[Parent]) -> None:
        super().__init__(FakeClient(World().api))
        self._lists = list(lists)

    @override
    async def services(self, namespace: str | None) -> list[Parent]:
        return self._lists.pop(0)


async def test_a_list_whose_status_lies_behind_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LAG", 0)
    current = (await at_rest()).parent()
    behind = replace(current, generation=7)
    assert await _services(Lists([behind], [current]), "ml") == [current]
    assert await _services(Lists([current], []), "ml") == [current]


async def test_what_is_being_deleted_is_told_and_does_not_change_the_exit_code() -> None:
    current = (await at_rest()).parent()
    going = replace(current, deleting=True)
    assert "ml/qwen: BeingDeleted" in _listing([going], everywhere=False)
    assert _exit_code([going]) == 0
    assert _exit_code([going, replace(current, generation=7)]) == 1


async def test_a_list_says_which_status_is_not_about_the_spec() -> None:
    world = await at_rest()
    current = world.parent()
    behind = replace(current, name="later", generation=7)
    lines = _listing([current, behind], everywhere=False).split("\n")
    assert [line.split()[:3] for line in lines[:3]] == [
        ["NAME", "READY", "STATUS"],
        ["qwen", "2/2", "ReplicasReady"],
        ["later", "2/2", "StatusOutdated"],
    ]
    assert "ml/later: StatusOutdated" in lines
    assert _entry(current) | {"problems": []} == _entry(current)
    entry = json.loads(json.dumps(_entry(behind)))
    assert (entry["ready"], entry["reason"]) == ("Unknown", "StatusOutdated")
    assert entry["problems"][0]["message"].startswith("The spec is at generation 7, and the operator has looked at")


async def test_a_list_repeats_the_worst_problem_of_a_status() -> None:
    world = World()
    world.apply({**SPEC, "model": {"uri": "hf://a/b-GGUF@main"}})
    await world.rest()
    assert "ml/qwen: InvalidSpec" in _listing([world.parent()], everywhere=True)
    assert json.loads(json.dumps(_entry(world.parent())))["problems"] == world.status["problems"]
