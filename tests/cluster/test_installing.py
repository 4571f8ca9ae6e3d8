"""Real Helm, 3 and 4, from install to reinstall on a cluster of its own; and the docs on it, word for word."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from cluster.harness.audit import Audit
from cluster.harness.helm import helm_environment
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import CHART, NAME, NAMESPACE, ROOT, USER, Operator
from cluster.harness.release import KEEPING_VALUES, OF_THE_RELEASE, Release, operator_of_the_release, play_test_pod
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import LocalCluster

CRD: Final = "modelservices.modelservice.dev"
PAGE: Final = ROOT / "docs" / "install.md"
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOBODY: Final = "1"
"""A port on which nobody listens."""


@pytest.fixture
def empty(bare_cluster: LocalCluster) -> Iterator[LocalCluster]:
    """The module's cluster, on which nothing of ours is installed before the test nor after it."""
    yield bare_cluster
    for process in bare_cluster.processes:
        if process.name.startswith("operator"):
            process.stop()
    kubectl = bare_cluster.kubectl
    kubectl("delete", "crd", CRD, "--ignore-not-found", "--timeout=60s")
    kubectl("delete", "secrets", "-n", NAMESPACE, "-l", f"owner=helm,name={NAME}")
    kubectl("delete", OF_THE_RELEASE, "-A", "-l", f"app.kubernetes.io/instance={NAME}", "--timeout=60s")


def test_a_release_from_install_to_reinstall(empty: LocalCluster, either_helm: Path, tmp_path: Path) -> None:
    release = Release(empty, tmp_path, either_helm)
    notes = release(
        "install", _older(tmp_path), "--create-namespace", "--set", "priorityClassName=system-node-critical"
    )
    assert release.deployment["replicas"] == 2
    assert f"poddisruptionbudget.policy/{NAME}" in release.objects()
    operator = operator_of_the_release(empty).ensure_working()
    _do_as_told(empty, notes)
    service = Service(empty.kubectl.within("default"), "qwen3-8b").ready()
    pods = service.pods()

    code, output = release.test(operator.port)
    assert code == 0, output
    assert re.search(r"Phase:\s+Succeeded", output)
    code, output = release.test(NOBODY)
    assert code != 0, output

    audit = Audit(empty)
    mark = audit.mark()
    assert "URL" not in _columns(empty)
    release("upgrade", CHART, KEEPING_VALUES, "--set", "replicas=1")
    assert "URL" in _columns(empty), "the CRD came along with the upgrade"
    assert release.deployment["replicas"] == 1
    assert release.deployment["template"]["spec"]["priorityClassName"] == "system-node-critical", (
        "a value that was set before"
    )
    assert f"poddisruptionbudget.policy/{NAME}" not in release.objects()
    release("rollback", "1")
    assert release.deployment["replicas"] == 2
    release("upgrade", CHART)
    successor = operator_of_the_release(empty)
    eventually(lambda: successor.ready, why="the new version stands by")
    operator.process.stop()
    successor.ensure_working()
    eventually(lambda: _reconciled(successor), why="every ModelService was looked at")
    assert service.pods() == pods
    assert audit.writes(user=USER, since=mark, excluding=["leases"]) == []

    successor.process.stop()
    release("uninstall")
    assert release.objects() == []
    assert service.pods() == pods, "uninstalling took the models away"
    release("install", CHART)
    mark = audit.mark()
    again = operator_of_the_release(empty).ensure_working()
    eventually(lambda: _reconciled(again), why="every ModelService was looked at")
    assert audit.writes(user=USER, since=mark, excluding=["leases"]) == []
    assert service.pods() == pods
    empty.kubectl("scale", "modelservice", service.name, "--replicas=2", "--namespace=default")
    eventually(lambda: service.status["ready"] == "2/2", why="it is looked after again")


def test_a_release_for_some_namespaces(empty: LocalCluster, either_helm: Path, tmp_path: Path) -> None:
    """The rest of a release's life is as above."""
    release = Release(empty, tmp_path, either_helm)
    with temporary_namespace(empty, "left") as left, temporary_namespace(empty, "kept") as kept:
        release("install", CHART, "--create-namespace", "--set", f"namespaces={{{left},{kept}}}")
        operator = operator_of_the_release(empty).ensure_working()
        assert release.test(operator.port)[0] == 0
        inside = Service(empty.kubectl.within(kept)).apply().ready()
        outside = Service(empty.kubectl.within("default")).apply()
        release("upgrade", CHART, KEEPING_VALUES, "--set", f"namespaces={{{kept}}}")
        assert release.objects().count(f"role.rbac.authorization.k8s.io/{NAME}") == 1, "the right in the other went"
        operator.process.stop()
        release("uninstall")
        assert inside.pods()
        assert outside.condition("Ready") == ("", ""), "nobody has looked at it"


def test_a_crd_that_is_there_already_is_taken_over(empty: LocalCluster, either_helm: Path, tmp_path: Path) -> None:
    release = Release(empty, tmp_path, either_helm)
    empty.kubectl("apply", "--server-side", "-f", ROOT / "crds")
    with pytest.raises(AssertionError, match="invalid ownership metadata"):
        release("install", CHART, "--create-namespace")
    release("install", CHART, "--create-namespace", "--take-ownership")
    release("uninstall")
    assert "URL" in _columns(empty), "it is kept"


def test_the_values_in_the_docs(empty: LocalCluster, either_helm: Path, tmp_path: Path) -> None:
    """They ask for the Prometheus operator, which is not there."""
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "values.yaml").write_text(example)
    release = Release(empty, tmp_path, either_helm)
    with pytest.raises(AssertionError, match='no matches for kind "PodMonitor"'):
        release("install", CHART, "--create-namespace", "-f", tmp_path / "values.yaml")
    assert release.objects() == []


@pytest.mark.parametrize("page", [ROOT / "README.md", PAGE], ids=lambda page: page.name)
def test_the_docs_work_word_for_word(empty: LocalCluster, tmp_path: Path, page: Path) -> None:
    """Every block of commands, in its order, as it stands. The pods of the release are simulated: a process takes the
    place of the operator, and `helm test` asks that process.
    """
    programs = empty.programs
    tools = [programs.helm.parent, programs.kubectl.parent, Path(sys.executable).parent]
    environment = helm_environment(empty, tmp_path)
    environment["PATH"] = os.pathsep.join([*map(str, tools), environment["PATH"]])
    blocks = BLOCK.findall(page.read_text("utf-8"))
    assert any("helm install" in block for block in blocks), page
    operator: Operator | None = None
    for block in blocks:
        if operator and "helm uninstall" in block:
            operator.process.stop()
            operator = None
        with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            try:
                if "helm test" in block:
                    assert operator is not None, "nothing is installed that could be tested"
                    play_test_pod(empty, operator.port)
                output, _ = running.communicate(timeout=120)
            except BaseException:
                running.kill()
                raise
        assert running.returncode == 0, f"{block}\n{output}"
        if "helm install" in block or "helm upgrade" in block:
            if operator:
                operator.process.stop()
            operator = operator_of_the_release(empty).ensure_working()


def _do_as_told(cluster: LocalCluster, notes: str) -> None:
    """Run the notes' command that offers a model."""
    script = re.search(r"^kubectl apply.*?^YAML$", notes, re.MULTILINE | re.DOTALL)
    assert script is not None, notes
    path = f"{cluster.programs.kubectl.parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "PATH": path}
    subprocess.run(["bash", "-c", script[0]], env=environment, check=True, capture_output=True)


def _older(directory: Path) -> Path:
    """A copy of the chart, as if a column of the CRD had had another name and some values had not been there."""
    older = shutil.copytree(CHART, directory / "older")
    template = older / "templates" / "crds.yaml"
    text = template.read_text("utf-8")
    assert text.count("- name: URL\n") == 1
    template.write_text(text.replace("- name: URL\n", "- name: Link\n"))
    values = yaml.safe_load((older / "values.yaml").read_text("utf-8"))
    del values["networkPolicy"], values["monitoring"]
    (older / "values.yaml").write_text(yaml.safe_dump(values))
    return older


def _columns(cluster: LocalCluster) -> list[str]:
    version = cluster.kubectl.json("get", "crd", CRD)["spec"]["versions"][0]
    return [column["name"] for column in version["additionalPrinterColumns"]]


def _reconciled(operator: Operator) -> bool:
    return operator.metric("controller_runtime_reconcile_total", result="success") > 0
