"""`make image`, with programs of ours in the place of the builders."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from modelservice_operator import __version__

ROOT = Path(__file__).parents[2]
NAME = "registry.example.com/team/operator:1"


class Builders:
    """A PATH with what the script needs and the builders that a test puts there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for tool in ("bash", "dirname", "env", "git", "sed"):
            found = shutil.which(tool)
            assert found is not None
            (directory / tool).symlink_to(found)

    def add(self, name: str, script: str = "") -> None:
        program = self._directory / name
        program.write_text(f'#!{shutil.which("bash")}\n{script}\nprintf "%s\\n" "{name}" "$@"\n')
        program.chmod(0o755)

    def make(self, *variables: str) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        assert make is not None
        environment = {"PATH": str(self._directory), "HOME": os.environ.get("HOME", "/")}
        command = [make, "--no-print-directory", "-C", str(ROOT), "image", *variables]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def builders(tmp_path: Path) -> Builders:
    return Builders(tmp_path)


@pytest.mark.parametrize("builder", ["docker", "podman", "buildah"])
def test_it_builds_with_what_is_there(builders: Builders, builder: str) -> None:
    builders.add(builder)
    done = builders.make(f"IMAGE={NAME}", "PYTHON_IMAGE=python@sha256:0", "SOURCE=https://example.com")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [builder, "build"]
    assert lines[-4:] == ["--tag", NAME, ".", f"Built {NAME} with {builder}."]
    given = dict(line.split("=", 1) for line in lines if "=" in line)
    assert given["VERSION"] == __version__
    assert given["PYTHON_IMAGE"] == "python@sha256:0"
    assert given["SOURCE"] == "https://example.com"
    assert "REVISION" in given


def test_a_client_without_its_daemon_is_passed_over(builders: Builders) -> None:
    builders.add("docker", 'if [ "$1" = info ]; then exit 1; fi')
    builders.add("buildah")
    assert builders.make(f"IMAGE={NAME}").stdout.splitlines()[0] == "buildah"
    refused = builders.make(f"IMAGE={NAME}", "BUILDER=docker")
    assert refused.returncode != 0
    assert "No image was built. Install docker, podman or buildah" in refused.stderr


def test_without_a_builder_it_says_what_to_install(builders: Builders) -> None:
    refused = builders.make(f"IMAGE={NAME}")
    assert refused.returncode != 0
    assert "No image was built. Install docker, podman or buildah" in refused.stderr


def test_without_a_name_it_says_what_to_write(builders: Builders) -> None:
    builders.add("docker")
    refused = builders.make()
    assert refused.returncode != 0
    assert "make image IMAGE=" in refused.stderr


def test_a_build_that_fails_is_a_failure(builders: Builders) -> None:
    builders.add("podman", 'if [ "$1" = build ]; then exit 3; fi')
    done = builders.make(f"IMAGE={NAME}")
    assert done.returncode != 0
    assert "Built" not in done.stdout
    assert "No image was built. See above what podman says." in done.stderr
    assert "PYTHON_IMAGE=" in done.stderr


def test_a_builder_that_is_none_of_them(builders: Builders) -> None:
    builders.add("kaniko")
    refused = builders.make(f"IMAGE={NAME}", "BUILDER=kaniko")
    assert "BUILDER must be docker, podman or buildah, not kaniko." in refused.stderr
