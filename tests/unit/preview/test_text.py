from dataclasses import replace
from typing import Any

import click
import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.machine import as_json
from modelservice_operator.preview.text import outlook_text
from modelservice_operator.terminal import coloured
from unit.preview.cases import at_rest, foreseen, new
from unit.world import SPEC, World

WIDE = 200
SECRET = f"hf_{'x' * 16}"


def facts(text: str) -> list[str]:
    """The lines above the first diff."""
    return text.partition("\n\n")[0].splitlines()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ["ModelService ml/qwen does not change."]),
        (
            {"replicas": 3},
            [
                "ModelService ml/qwen changes.",
                "  Children      Deployment changed",
                "  Pods          2 become 3; none restarts",
                "  Accelerators  2 nvidia.com/gpu now, 3 at most meanwhile, 3 afterwards",
            ],
        ),
        (
            {"suspend": True},
            [
                "ModelService ml/qwen changes.",
                "  Children      Deployment changed",
                "  Pods          2 are stopped",
                "  Accelerators  2 nvidia.com/gpu now, 2 at most meanwhile, 0 afterwards",
            ],
        ),
        (
            {"endpoint": {"port": 8000}},
            [
                "ModelService ml/qwen changes.",
                "  Children      Service changed",
                "  Pods          2 as before; none restarts",
                "  Accelerators  2 nvidia.com/gpu as before",
            ],
        ),
        (
            {"rollout": {"restart": "1"}},
            [
                "ModelService ml/qwen changes.",
                "  Children      Deployment changed",
                "  Revision      qwen-jjrgjqpbqq, which is new",
                "  Pods          2 as before; all restart: an old one stops once a new one serves",
                "  Accelerators  2 nvidia.com/gpu now, 3 at most meanwhile, 2 afterwards",
            ],
        ),
        (
            {"rollout": {"restart": "1", "strategy": "Replace"}},
            [
                "ModelService ml/qwen changes.",
                "  Children      Deployment changed",
                "  Revision      qwen-jjrgjqpbqq, which is new",
                "  Pods          2 as before; all restart: an old one stops before a new one starts, and "
                "1 of 2 serve meanwhile",
                "  Accelerators  2 nvidia.com/gpu as before",
            ],
        ),
        (
            {"rollout": {"restart": "1", "paused": True}},
            [
                "ModelService ml/qwen changes.",
                "  Children      Deployment changed",
                "  Revision      qwen-jjrgjqpbqq, which is new",
                "  Pods          2 as before; none restarts; the new revision waits until spec.rollout.paused is false",
                "  Accelerators  2 nvidia.com/gpu as before",
            ],
        ),
        (
            {"scaling": {"maxReplicas": 8, "targets": [{"type": "CPUUtilization", "value": "80"}]}},
            [
                "ModelService ml/qwen changes.",
                "  Children      HorizontalPodAutoscaler created",
                "  Pods          2 as before; none restarts",
                "  Accelerators  2 nvidia.com/gpu as before, 8 if the autoscaler asks for as many pods as it may",
                "  Note: From now on the autoscaler says how many pods there are, from 1 to 8; "
                "spec.replicas no longer counts.",
            ],
        ),
    ],
)
async def test_facts(change: Manifest, told: list[str]) -> None:
    assert facts(outlook_text(foreseen(await at_rest(), {**SPEC, **change}), WIDE)) == told


async def test_the_diff_of_each_object() -> None:
    text = outlook_text(foreseen(await at_rest(), {**SPEC, "replicas": 3}), WIDE)
    own, deployment = text.split("\n\n")[1:]
    assert own.splitlines()[:2] == ["--- ModelService ml/qwen now", "+++ ModelService ml/qwen then"]
    assert "-  replicas: 2\n+  replicas: 3" in own
    assert deployment.splitlines()[:2] == ["--- Deployment ml/qwen now", "+++ Deployment ml/qwen then"]
    assert "-  replicas: 2\n+  replicas: 3" in deployment
    assert "applied-hash" not in text


async def test_long_lines_are_wrapped() -> None:
    text = outlook_text(foreseen(await at_rest(), {**SPEC, "rollout": {"restart": "1", "strategy": "Replace"}}), 60)
    assert max(map(len, facts(text))) <= 60


async def test_secrets_are_in_neither_output() -> None:
    found = new(World(), {**SPEC, "runtime": {"env": [{"name": "HF_TOKEN", "value": SECRET}]}})
    assert SECRET not in outlook_text(found, WIDE)
    assert SECRET not in str(as_json(found))
    assert '"*** (after)"' in outlook_text(found, WIDE)


async def test_secrets_are_in_no_sentence() -> None:
    found = new(World(), {**SPEC, "runtime": {"args": ["--api-key=p;ss,word"]}})
    found = replace(found, problems=('"p;ss,word" is refused.',), notes=(f"{SECRET} too.",))
    for told in (outlook_text(found, WIDE), str(as_json(found))):
        assert '"***" is refused.' in told
        assert "*** too." in told
        assert "p;ss" not in told
        assert SECRET not in told


async def test_colour_changes_no_word() -> None:
    found = foreseen(await at_rest(), {**SPEC, "replicas": 3})
    painted = outlook_text(found, WIDE, coloured)
    assert "\x1b[" in painted
    assert click.unstyle(painted) == outlook_text(found, WIDE)


async def test_for_machines() -> None:
    found: dict[str, Any] = as_json(foreseen(await at_rest(), {**SPEC, "replicas": 3}))
    assert found["diff"].startswith("--- ModelService ml/qwen now\n")
    deployment, service, budget = found["children"]
    assert deployment.pop("diff").startswith("--- Deployment ml/qwen now\n")
    assert deployment == {"kind": "Deployment", "name": "qwen", "action": "change"}
    assert [(child["action"], child["diff"]) for child in (service, budget)] == [("keep", "")] * 2
    assert found["pods"] == {"now": 2, "then": 3, "replaced": False, "waits": False, "strategy": "Surge"}
    assert found["accelerators"] == {
        "now": {"nvidia.com/gpu": 2},
        "peak": {"nvidia.com/gpu": 3},
        "then": {"nvidia.com/gpu": 3},
    }
    assert (found["changes"], found["new"], found["problems"], found["notes"]) == (True, False, [], [])
