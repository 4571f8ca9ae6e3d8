"""What is built for Krew, without the libraries; the cluster tests install all of it with Krew."""

import os
import platform
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from krew import __main__, archive
from krew.manifest import VERSION, archive_name, is_archive, manifest
from modelservice_operator import __version__

OWN = f"v{__version__}"
URL = "https://downloads.example.com/modelservice/"


def test_the_manifest_has_every_archive() -> None:
    digests = {archive_name("v1.2.3", "linux", "amd64"): "a" * 64, archive_name("v1.2.3", "darwin", "arm64"): "b" * 64}
    written = yaml.safe_load(manifest("v1.2.3", URL, "3.12", digests))
    assert written["metadata"]["name"] == "modelservice"
    assert "homepage" not in written["spec"]
    assert "Python 3.12" in written["spec"]["caveats"]
    assert written["spec"]["platforms"] == [
        {
            "selector": {"matchLabels": {"os": system, "arch": architecture}},
            "uri": f"{URL}modelservice-v1.2.3-{system}-{architecture}.tar.gz",
            "sha256": digest,
            "bin": "kubectl-modelservice",
        }
        for system, architecture, digest in (("darwin", "arm64", "b" * 64), ("linux", "amd64", "a" * 64))
    ]
    assert yaml.safe_load(manifest("v1.2.3", URL, "3.12", digests, "https://example.com"))["spec"]["homepage"]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("modelservice-v1.2.3-linux-amd64.tar.gz", True),
        ("modelservice-v1.2.3-rc.1-linux-amd64.tar.gz", False),
        ("modelservice-v1.2.4-linux-amd64.tar.gz", False),
        ("modelservice-v1.2.3-linux-amd64.zip", False),
        ("modelservice.yaml", False),
    ],
)
def test_archives_of_the_version_are_told_from_other_files(name: str, is_one: bool) -> None:
    assert is_archive(name, "v1.2.3") == is_one


@pytest.mark.parametrize(
    ("version", "valid"),
    [("v1.2.3", True), ("v0.1.0-rc.1", True), ("1.2.3", False), ("v1.2", False), ("v01.2.3", False), ("", False)],
)
def test_versions(version: str, valid: bool) -> None:
    assert bool(VERSION.fullmatch(version)) == valid


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--version", "1.0.0", "--url", URL), "with a leading v, such as v1.2.3, not '1.0.0'"),
        (("--version", "v9.9.9", "--url", URL), f"--version must be {OWN}, as that is what this source says of itself"),
        (("--version", OWN, "--url", ""), "--url must begin with https://, not be ''"),
    ],
)
def test_bad_arguments(arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        __main__.main(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_an_unknown_platform(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert __main__.main(("--version", OWN, "--url", URL)) == 2
    assert "not on 'riscv64'" in capsys.readouterr().err


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    packed = []
    for time in (1, 2):
        tree = tmp_path / str(time)
        (tree / "lib").mkdir(parents=True)
        (tree / "lib" / "module.py").write_text("pass")
        (tree / "run").write_text("#!/bin/sh")
        (tree / "run").chmod(0o700)
        os.utime(tree / "run", (time, time))
        packed.append(tmp_path / f"{time}.tar.gz")
        archive._pack(tree, packed[-1])
    assert packed[0].read_bytes() == packed[1].read_bytes()
    with tarfile.open(packed[0]) as opened:
        modes = {entry.name: stat.filemode(entry.mode | stat.S_IFREG) for entry in opened}
    assert modes == {"lib/module.py": "-rw-r--r--", "run": "-rwxr-xr-x"}


def test_the_launcher_says_which_python_is_missing(tmp_path: Path) -> None:
    launcher = tmp_path / "kubectl-modelservice"
    launcher.write_text(archive._launcher("main"))
    for name in ("dirname", "readlink", "sh"):
        (tmp_path / name).symlink_to(
            next(path for path in (Path("/bin") / name, Path("/usr/bin") / name) if path.exists())
        )
    older = tmp_path / "python3"
    older.write_text("#!/bin/sh\nexit 1\n")
    older.chmod(0o755)
    done = subprocess.run(["sh", launcher], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"needs Python {sys.version_info.major}.{sys.version_info.minor}, and finds none" in done.stderr
