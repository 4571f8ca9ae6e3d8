"""A release of the chart on a cluster whose pods are simulated: what its pods would do is done by processes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from cluster.harness.helm import helm, helm_environment
from cluster.harness.operator import NAME, NAMESPACE, Operator
from cluster.harness.wait import eventually
from localcluster import LocalCluster
from modelservice_operator.settings import PREFIX

OF_THE_RELEASE: Final = (
    "deployments,services,serviceaccounts,poddisruptionbudgets,roles,rolebindings,clusterroles,clusterrolebindings"
)
KEEPING_VALUES: Final = "--reset-then-reuse-values"


class Release:
    """The chart's release, by one version of Helm, which writes only into `home`."""

    def __init__(self, cluster: LocalCluster, home: Path, program: Path | None = None) -> None:
        self.cluster = cluster
        self._program, self._home = program or cluster.programs.helm, home

    def __call__(self, verb: str, *arguments: str | Path) -> str:
        """Run Helm and wait for what it does; what it prints."""
        flags = ("--namespace", NAMESPACE, "--wait", "--timeout=60s")
        return helm(self.cluster, verb, NAME, *arguments, *flags, home=self._home, program=self._program)

    def test(self, port: str) -> tuple[int, str]:
        """`helm test` against an operator."""
        return helm_test(self.cluster, self._program, self._home, port)

    def objects(self) -> list[str]:
        """What is there of it, but for the CRD."""
        selector = f"app.kubernetes.io/instance={NAME}"
        return self.cluster.kubectl("get", OF_THE_RELEASE, "-A", "-l", selector, "-o", "name").split()

    @property
    def deployment(self) -> dict[str, Any]:
        """The spec of the live Deployment."""
        spec: dict[str, Any] = self.cluster.kubectl.json("get", "deployment", NAME, "-n", NAMESPACE)["spec"]
        return spec


def operator_of_the_release(
    cluster: LocalCluster, name: str = "operator", *, python_path: Path | None = None
) -> Operator:
    """The operator, just started as the live Deployment starts it: under its ServiceAccount, with its settings.

    `python_path` is where another version of it lies.
    """
    pod = cluster.kubectl.json("get", "deployment", NAME, "-n", NAMESPACE)["spec"]["template"]["spec"]
    settings = {entry["name"].removeprefix(PREFIX).lower(): entry["value"] for entry in pod["containers"][0]["env"]}
    kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, pod["serviceAccountName"])
    return Operator(cluster, name, kubeconfig=kubeconfig, python_path=python_path, **settings)


def helm_test(cluster: LocalCluster, program: Path, home: Path, port: str) -> tuple[int, str]:
    """Exit code and output of `helm test`. Its pod is a process, which asks the operator on `port`."""
    command = [str(program), "test", NAME, "--namespace", NAMESPACE, "--timeout", "60s"]
    environment = helm_environment(cluster, home)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            play_test_pod(cluster, port)
            output, _ = running.communicate(timeout=60)
        except BaseException:
            running.kill()
            raise
    return running.returncode, output


def play_test_pod(cluster: LocalCluster, port: str) -> None:
    """Run the command of the pod of `helm test` as a process that asks the operator on `port`; report how it ends."""
    kubectl = cluster.kubectl.within(NAMESPACE)
    name = f"{NAME}-test"
    pod = eventually(lambda: _running(kubectl.json("get", "pod", name)), why="the pod of the test runs")
    python, *arguments, asked = pod["spec"]["containers"][0]["command"]
    assert python == "python"
    service = f"http://{NAME}-metrics.{NAMESPACE}.svc:8080"
    assert asked.startswith(f"{service}/")
    command = [sys.executable, *arguments, asked.replace(service, f"http://127.0.0.1:{port}")]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    phase = {"status": {"phase": "Failed" if done.returncode else "Succeeded"}}
    kubectl("patch", "pod", name, "--subresource=status", "--type=merge", "-p", json.dumps(phase))


def _running(pod: dict[str, Any]) -> dict[str, Any]:
    assert pod["status"]["phase"] == "Running", pod["status"]
    assert "deletionTimestamp" not in pod["metadata"]
    return pod
