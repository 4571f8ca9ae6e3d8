"""The plugin, built by `make krew`, installed by Krew itself, and called by kubectl."""

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from cluster.harness.operator import ROOT
from localcluster.build import built, programs
from localcluster.cluster import say
from localcluster.module import KREW

VERSION = "v0.1.0"
URL = "https://downloads.example.com/modelservice"
GLIBC = re.compile(r"^Tag: .*-manylinux_(\d+)_(\d+)_", re.MULTILINE)


@dataclass(frozen=True)
class Plugin:
    """What was built, and where Krew installs it."""

    manifest: Path
    archive: Path
    krew: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.home / "bin"), str(programs(say).kubectl.parent), os.environ["PATH"]])
        return os.environ | {"KREW_ROOT": str(self.home), "PATH": path, "HOME": str(self.home)}

    @property
    def store(self) -> Path:
        """Where Krew unpacked it."""
        return self.home / "store" / "modelservice" / VERSION

    def install(self, archive: Path) -> subprocess.CompletedProcess[str]:
        return self(self.krew / "krew", "install", "--manifest", self.manifest, "--archive", archive)

    def __call__(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    place = tmp_path_factory.mktemp("krew")
    settings = [f"VERSION={VERSION}", f"URL={URL}", f"OUTPUT={place}", f"BIN={Path(sys.executable).parent}", "READY="]
    done = subprocess.run(["make", "krew", *settings], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (archive,) = place.glob("*.tar.gz")
    return Plugin(place / "modelservice.yaml", archive, built(KREW, say), place / "home")


def test_krew_takes_the_manifest(plugin: Plugin) -> None:
    told = plugin(plugin.krew / "validate-krew-manifest", "-manifest", plugin.manifest, "-skip-install")
    assert told.returncode == 0, told.stderr
    (platform,) = yaml.safe_load(plugin.manifest.read_text("utf-8"))["spec"]["platforms"]
    assert platform["uri"] == f"{URL}/{plugin.archive.name}"
    assert platform["sha256"] == hashlib.sha256(plugin.archive.read_bytes()).hexdigest()


def test_another_archive_than_that_of_the_manifest_is_refused(plugin: Plugin, tmp_path: Path) -> None:
    other = tmp_path / plugin.archive.name
    other.write_bytes(plugin.archive.read_bytes() + b"\0")
    told = plugin.install(other)
    assert told.returncode != 0
    assert "checksum does not match" in told.stderr


def test_kubectl_runs_what_krew_installed(plugin: Plugin) -> None:
    told = plugin.install(plugin.archive)
    assert told.returncode == 0, told.stderr
    told = plugin("kubectl", "modelservice", "validate", "-f", "examples/")
    assert told.returncode == 0, told
    assert "ModelServices are valid." in told.stderr
    told = plugin("kubectl", "modelservice", "plan", "-f", "examples/", "--kubeconfig", plugin.home / "none")
    assert told.returncode == 2
    assert "there is no kubeconfig" in told.stderr
    (plugin.home / "bin" / "kubectl_complete-modelservice").symlink_to(plugin.store / "kubectl_complete-modelservice")
    told = plugin("kubectl", "__complete", "modelservice", "vali")
    assert told.stdout.splitlines()[-1] == ":4"
    assert told.stdout.startswith("validate\t")
    assert "glibc 2.28 or newer" in plugin.manifest.read_text("utf-8")
    assert newest_glibc(plugin.store) <= (2, 28)


def newest_glibc(store: Path) -> tuple[int, int]:
    """What the most demanding of the wheels needs, of which each names the versions that are enough for it."""
    found = [
        min((int(major), int(minor)) for major, minor in tags)
        for wheel in store.glob("lib/*.dist-info/WHEEL")
        if (tags := GLIBC.findall(wheel.read_text("utf-8")))
    ]
    return max(found, default=(0, 0))
