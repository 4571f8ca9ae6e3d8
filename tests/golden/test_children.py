from pathlib import Path

import pytest
import yaml

from golden.conftest import REFUSED, RENDERED, Golden
from modelservice_operator.render import InvalidFile, render_file
from unit.typed import check_types


@pytest.mark.parametrize("case", RENDERED, ids=lambda case: case.name)
def test_children(case: Path, golden: Golden) -> None:
    golden.check(case / "children.yaml", render_file((case / "input.yaml").read_text("utf-8")))


@pytest.mark.parametrize("path", [case / "children.yaml" for case in RENDERED], ids=lambda path: path.parent.name)
def test_children_are_objects_of_kubernetes(path: Path) -> None:
    for manifest in yaml.safe_load_all(path.read_text("utf-8")):
        check_types(manifest)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str) -> None:
    with pytest.raises(InvalidFile):
        render_file((Path(__file__).parent / name / "input.yaml").read_text("utf-8"))


def test_cases_are_found() -> None:
    assert len(RENDERED) >= 10
