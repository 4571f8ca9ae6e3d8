"""What kstatus, Argo CD and Flux make of recorded states, and whether they agree."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from gitops import argocd
from gitops.flux import staging
from gitops.kstatus import kstatus
from modelservice_operator.manifest import Manifest

EXAMPLES: Final = Path(__file__).parents[3] / "examples" / "gitops"
HEALTH_TESTS: Final[list[Manifest]] = yaml.safe_load((argocd.SCRIPTS / "health_test.yaml").read_text("utf-8"))["tests"]
ACTION_TESTS: Final[Manifest] = yaml.safe_load((argocd.ACTIONS / "action_test.yaml").read_text("utf-8"))
STATES: Final = sorted((argocd.SCRIPTS / "testdata").glob("*.yaml"))
GOLDENS: Final = sorted((Path(__file__).parents[2] / "golden").glob("*/status.yaml"))

SAME: Final = {"Progressing": {"InProgress"}, "Healthy": {"Current"}, "Degraded": {"Failed"}}
"""What kstatus says where Argo CD says so."""
PAUSED: Final = {"Suspended": "Current", "RolloutPaused": "InProgress"}
"""What kstatus says for each reason for which Argo CD says Suspended."""
KSTATUS: Final = {
    "pending": "InProgress",
    "starting": "InProgress",
    "ready": "Current",
    "updated": "InProgress",
    "crashing": "InProgress",
    "stalled": "Failed",
    "late": "Failed",
    "suspended": "Current",
    "paused": "InProgress",
}


def read(path: Path) -> Manifest:
    manifest: Manifest = yaml.safe_load(path.read_text("utf-8"))
    return manifest


def recorded(status: Path) -> Manifest:
    """A golden status on an object of its generation."""
    seen = read(status)
    return {"metadata": {"generation": seen["observedGeneration"]}, "spec": {}, "status": seen}


def ready(live: Manifest) -> Manifest:
    found: Manifest = next(condition for condition in live["status"]["conditions"] if condition["type"] == "Ready")
    return found


@pytest.mark.parametrize("path", STATES, ids=lambda path: path.stem)
def test_kstatus(path: Path) -> None:
    assert kstatus(read(path)) == KSTATUS[path.stem]
    deleted = read(path)
    deleted["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    assert kstatus(deleted) == "Terminating"
    assert argocd.health(deleted)[0] == "Progressing"


@pytest.mark.parametrize("case", HEALTH_TESTS, ids=lambda case: Path(case["inputPath"]).stem)
def test_health(case: Manifest) -> None:
    expected = case["healthStatus"]
    assert argocd.health(read(argocd.SCRIPTS / case["inputPath"])) == (expected["status"], expected["message"])


def test_every_state_has_its_health() -> None:
    assert {case["inputPath"] for case in HEALTH_TESTS} == {f"testdata/{path.name}" for path in STATES}
    assert KSTATUS.keys() == {path.stem for path in STATES}


def test_an_object_without_a_status_is_on_its_way() -> None:
    assert argocd.health({"metadata": {"generation": 1}, "spec": {}})[0] == "Progressing"


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parent.name)
def test_argo_cd_agrees_with_kstatus(path: Path) -> None:
    live = recorded(path)
    health, message = argocd.health(live)
    assert message
    expected = {PAUSED[ready(live)["reason"]]} if health == "Suspended" else SAME[health]
    assert kstatus(live) in expected


@pytest.mark.parametrize("path", [*STATES, *GOLDENS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_flux_by_expressions_fails_at_the_first_problem_and_else_agrees_with_kstatus(path: Path) -> None:
    live = read(path) if path in STATES else recorded(path)
    judged = live["status"].get("observedGeneration") == live["metadata"]["generation"]
    expected = "Failed" if judged and ready(live)["status"] == "False" else kstatus(live)
    assert staging().verdict(live) == expected
    live["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    assert staging().verdict(live) == "InProgress"


@pytest.mark.parametrize("case", ACTION_TESTS["discoveryTests"], ids=lambda case: Path(case["inputPath"]).stem)
def test_actions_that_are_offered(case: Manifest) -> None:
    offered = argocd.available(read(argocd.ACTIONS / case["inputPath"]))
    assert offered == {entry["name"]: not entry["disabled"] for entry in case["result"]}


@pytest.mark.parametrize("case", ACTION_TESTS["actionTests"], ids=lambda case: f"{case['action']}-{case['inputPath']}")
def test_an_action_changes_the_spec_alone(case: Manifest) -> None:
    before, expected = (read(argocd.ACTIONS / case[field]) for field in ("inputPath", "expectedOutputPath"))
    after = argocd.acted(case["action"], before)
    if case["action"] == "restart":
        written = after["spec"]["rollout"]
        assert written["restart"][4] == "-" and written["restart"].endswith("Z")
        assert written["restart"] != (before["spec"].get("rollout") or {}).get("restart")
        written["restart"] = expected["spec"]["rollout"]["restart"]
    assert after == expected
    assert {**after, "spec": None} == {**before, "spec": None}


def test_the_config_map_holds_the_same_scripts() -> None:
    data: dict[str, str] = read(EXAMPLES / "argocd" / "argocd-cm.yaml")["data"]
    names = [f"resource.customizations.{what}.modelservice.dev_ModelService" for what in ("health", "actions")]
    assert data.keys() == set(names)
    assert data[names[0]] == (argocd.SCRIPTS / "health.lua").read_text("utf-8")
    actions = yaml.safe_load(data[names[1]])
    assert actions["discovery.lua"] == (argocd.ACTIONS / "discovery.lua").read_text("utf-8")
    pasted = {entry["name"]: entry["action.lua"] for entry in actions["definitions"]}
    assert pasted == {path.parent.name: path.read_text("utf-8") for path in argocd.ACTIONS.glob("*/action.lua")}
