"""What the files of `modelservice plan` give."""

import json
from pathlib import Path

import pytest

from modelservice_operator import api
from modelservice_operator.dryrun.files import read_files


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"name": "../../../../api/v1/namespaces/kube-system"}, "metadata.name: Invalid value: "),
        ({"name": "a?dryRun=none"}, "metadata.name: Invalid value: "),
        ({"name": "qwen", "namespace": "../../x"}, "metadata.namespace: Invalid value: "),
        ({"name": "qwen", "namespace": "a.b"}, "metadata.namespace: Invalid value: "),
        ({"name": "qwen", "namespace": 5}, "metadata.namespace: must be a text"),
        ({"name": "qwen", "namespace": {}}, "metadata.namespace: must be a text"),
        ({"namespace": "ml"}, "metadata.name: must be set, to a text"),
        ({"name": 8}, "metadata.name: must be a text: put 8 into quotes"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anybody_is_asked(
    tmp_path: Path, metadata: dict[str, object], error: str
) -> None:
    file = tmp_path / "service.json"
    given = {"apiVersion": "modelservice.dev/v1alpha1", "kind": "ModelService", "metadata": metadata, "spec": {}}
    file.write_text(json.dumps(given))
    read = read_files([str(file)], None, "ml")
    assert read.services == []
    (told,) = read.errors
    assert told.startswith(f"{file}: document 1: {error}")


@pytest.mark.parametrize(
    ("said", "placed"), [({}, "default"), ({"namespace": None}, "default"), ({"namespace": "ml"}, "ml")]
)
def test_each_has_its_namespace(tmp_path: Path, said: dict[str, object], placed: str) -> None:
    file = tmp_path / "service.json"
    metadata = {"name": "qwen.v2", **said}
    file.write_text(
        json.dumps({"apiVersion": "modelservice.dev/v1alpha1", "kind": "ModelService", "metadata": metadata})
    )
    (service,) = read_files([str(file)], None, "default").services
    assert service["metadata"] == {"name": "qwen.v2", "namespace": placed}


def test_two_documents_of_one_object(tmp_path: Path) -> None:
    """What an overlay and its base are, read as one directory."""
    for number in range(2):
        service = {"apiVersion": api.API_VERSION, "kind": api.KIND, "metadata": {"name": "chat"}}
        (tmp_path / f"{number}.yaml").write_text(json.dumps(service))
    given = read_files([str(tmp_path)], None, "ml")
    assert given.errors == ["ModelService ml/chat stands there 2 times: leave one of them"]
    assert read_files([str(tmp_path / "0.yaml")], None, "ml").errors == []
