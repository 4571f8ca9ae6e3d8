"""The files for Argo CD and Flux have the shape of their kinds, which no cluster of the tests serves."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from modelservice_operator.generate import ROOT
from modelservice_operator.manifest import Manifest

GITOPS: Final = ROOT / "examples" / "gitops"
FILES: Final = sorted([*(GITOPS / "argocd").glob("*.yaml"), *(GITOPS / "flux").glob("*.yaml")])
FIELDS: Final[dict[tuple[str, str], set[str]]] = {
    ("v1", "ConfigMap"): set(),
    ("argoproj.io/v1alpha1", "ApplicationSet"): {"goTemplate", "goTemplateOptions", "generators", "template"},
    ("source.toolkit.fluxcd.io/v1", "GitRepository"): {"url", "ref", "interval"},
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"): {
        "dependsOn",
        "healthCheckExprs",
        "interval",
        "path",
        "prune",
        "retryInterval",
        "sourceRef",
        "targetNamespace",
        "timeout",
        "wait",
    },
}
"""Of the spec: those of Argo CD 3.5, kustomize-controller 1.9 and source-controller 1.9 that the files use."""


def manifest(path: Path) -> Manifest:
    read: Manifest = yaml.safe_load(path.read_text("utf-8"))
    return read


def overlays(path: Path) -> list[str]:
    """The directories of this repository that a file leads to."""
    spec = manifest(path).get("spec", {})
    if "generators" not in spec:
        return [spec["path"]] if "path" in spec else []
    (generator,) = spec["generators"]
    template: str = spec["template"]["spec"]["source"]["path"]
    return [template.replace("{{.environment}}", element["environment"]) for element in generator["list"]["elements"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_its_fields_are_those_of_its_kind(path: Path) -> None:
    found = manifest(path)
    assert found.get("spec", {}).keys() <= FIELDS[found["apiVersion"], found["kind"]]
    assert found["metadata"].keys() == {"name", "namespace"}


@pytest.mark.parametrize("tool", ["argocd", "flux"])
def test_each_environment_is_served(tool: str) -> None:
    led_to = {
        (ROOT / directory).resolve() for path in FILES if path.parent.name == tool for directory in overlays(path)
    }
    assert led_to == {path.resolve() for path in (GITOPS / "overlays").iterdir()}


def test_no_difference_is_ignored() -> None:
    assert not [path for path in FILES if "ignoreDifferences" in path.read_text("utf-8")]
