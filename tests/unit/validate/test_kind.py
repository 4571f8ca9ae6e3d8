"""What is said of a document that is no ModelService: the same by every command."""

from pathlib import Path

import pytest

from modelservice_operator.dryrun.files import read_files
from modelservice_operator.render import InvalidFile, render_file
from modelservice_operator.validate.files import validate_files

ANOTHER = "{apiVersion: v1, kind: Secret}"
OTHERS = f"{ANOTHER}\n---\n{{apiVersion: llm-d.ai/v1, kind: ModelService}}\n---\n{ANOTHER}"


def by_render(text: str) -> str:
    with pytest.raises(InvalidFile) as caught:
        render_file(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("just text", "document 1: there is no Kubernetes object"),
        ("{apiVersion: v1}", "document 1: kind: must be set"),
        ("{apiVersion: v1, kind: List}", "document 1: items: must be a list"),
        (
            "{apiVersion: modelservice.dev/v2, kind: ModelService}",
            "document 1: apiVersion: must be modelservice.dev/v1alpha1, not modelservice.dev/v2",
        ),
        (
            "{apiVersion: modelservice.dev/v1alpha1, kind: Modelservice}",
            "document 1: kind: there is no Modelservice in modelservice.dev; did you mean ModelService?",
        ),
    ],
)
def test_one_that_cannot_be_recognised(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(text)
    assert by_render(text) == said
    assert validate_files([str(file)]).findings == [f"{file}: {said}"]
    assert read_files([str(file)], None, "ml").errors == [f"{file}: {said}"]


def test_objects_of_other_kinds(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(OTHERS)
    said = f"{file}: skipped what is no ModelService: 1 ModelService of llm-d.ai/v1, 2 Secret."
    assert validate_files([str(file)]).remarks == [said, "There is no ModelService in it."]
    assert read_files([str(file)], None, "ml").remarks == [said]
    assert by_render(OTHERS) == "document 1: cannot render what is no ModelService: 1 Secret."


@pytest.mark.parametrize("text", ["", "---\n# nothing\n"])
def test_nothing_at_all(tmp_path: Path, text: str) -> None:
    """The output of a command that failed."""
    file = tmp_path / "models.yaml"
    file.write_text(text)
    said = "there is no Kubernetes object in it"
    assert by_render(text) == said
    assert validate_files([str(file)]).unreadable == [said]
    assert read_files([str(file)], None, "ml").errors == [said]
