from pathlib import Path

import pytest

from modelservice_operator.validate.files import validate_files
from unit.validate.corpus import BAD, GOOD

SECRETS = "{apiVersion: v1, kind: Secret}\n---\n{apiVersion: v1, kind: Pod}\n---\n{apiVersion: v1, kind: Secret}"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory with files at two depths, and one that is none of ours."""
    for name, text in {
        "good.yaml": GOOD,
        "deep/er/bad.yml": BAD,
        "deep/secrets.json": SECRETS,
        "notes.txt": "a: [",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_a_directory_is_read_at_every_depth(tree: Path) -> None:
    report = validate_files([str(tree)])
    assert [line.split(", ")[0] for line in report.findings] == [f"{tree}/deep/er/bad.yml: document 1"]
    assert report.remarks == [f"{tree}/deep/secrets.json: skipped what is no ModelService: 1 Pod, 2 Secret."]
    assert report.exit_code == 1


@pytest.mark.parametrize(
    ("names", "summary"),
    [
        (["good.yaml"], "1 ModelService is valid."),
        (["good.yaml", "good.yaml"], "2 ModelServices are valid."),
        (["deep/secrets.json"], "There is no ModelService in it."),
    ],
)
def test_when_all_is_well(tree: Path, names: list[str], summary: str) -> None:
    report = validate_files(str(tree / name) for name in names)
    assert (report.findings, report.unreadable, report.exit_code) == ([], [], 0)
    assert report.remarks[-1] == summary


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("absent.yaml", None, "No such file or directory"),
        ("x.yaml", b"a: [", "line 1: "),
        ("x.yaml", b"a: 1\nb: \xe9\n", "line 2: byte 0xe9 is not UTF-8"),
        ("x.yaml", b"a: .inf", "document 1: a: inf is no number that JSON has"),
        ("x.json", b'{"a":' * 5000, "it is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_hides_nothing(tree: Path, name: str, content: bytes | None, complaint: str) -> None:
    file = tree / name
    if content is not None:
        file.write_bytes(content)
    report = validate_files([str(file), str(tree / "deep")])
    assert len(report.unreadable) == 1
    assert report.unreadable[0].startswith(f"{file}: ")
    assert complaint in report.unreadable[0]
    assert len(report.findings) == 1
    assert report.exit_code == 2


def test_a_directory_without_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    report = validate_files([str(tmp_path)])
    assert report.unreadable == [f"{tmp_path}: there is no file in it that ends with .json, .yaml, .yml"]
    assert report.exit_code == 2


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(GOOD, "utf-8-sig")
    assert validate_files([str(tmp_path)]).exit_code == 0
