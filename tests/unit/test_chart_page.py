"""What Artifact Hub shows of the chart is true."""

from typing import Any

import yaml

from modelservice_operator.api.crd import crd
from modelservice_operator.generate import ROOT

ABOUT = yaml.safe_load((ROOT / "charts" / "modelservice-operator" / "Chart.yaml").read_text("utf-8"))


def annotation(name: str) -> list[dict[str, Any]]:
    """One that is YAML inside of YAML."""
    value: list[dict[str, Any]] = yaml.safe_load(ABOUT["annotations"][f"artifacthub.io/{name}"])
    return value


def test_it_names_the_crd() -> None:
    definition = crd()
    (named,) = annotation("crds")
    assert named["name"] == definition["metadata"]["name"]
    assert named["kind"] == definition["spec"]["names"]["kind"]
    assert named["version"] == definition["spec"]["versions"][0]["name"]


def test_its_example_is_the_quickstart() -> None:
    quickstart = yaml.safe_load((ROOT / "examples" / "quickstart.yaml").read_text("utf-8"))
    assert annotation("crdsExamples") == [quickstart]
