"""The commands that ask a cluster, without one."""

import json
from dataclasses import replace

import pytest
from typing_extensions import override

from modelservice_operator.report import command
from modelservice_operator.report.command import _entry, _listing, _report
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
