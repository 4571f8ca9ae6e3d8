from pathlib import Path

import pytest
import yaml
from kubernetes import client

from golden.conftest import CASES, Golden
from modelservice_operator.render import render_file


def test_children(case: Path, golden: Golden) -> None:
    golden.check(case / "children.yaml", render_file((case / "input.yaml").read_text("utf-8")))


@pytest.mark.parametrize("path", [case / "children.yaml" for case in CASES], ids=lambda path: path.parent.name)
def test_children_are_objects_of_kubernetes(path: Path) -> None:
    """The typed models refuse unknown fields and wrong types, as the API server does."""
    deployment, service = yaml.safe_load_all(path.read_text("utf-8"))
    client.V1Deployment.model_validate(deployment)
    client.V1Service.model_validate(service)


def test_cases_are_found() -> None:
    assert len(CASES) >= 10
