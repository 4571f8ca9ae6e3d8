"""A release of the chart on a cluster whose pods are simulated: what its pods would do is done by processes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cluster.harness.helm import helm_environment
from cluster.harness.operator import NAME, NAMESPACE, Operator
from cluster.harness.wait import eventually
from localcluster import LocalCluster
from modelservice_operator.settings import PREFIX


def operator_of_the_release(cluster: LocalCluster) -> Operator:
    """The operator, just started as the live Deployment starts it: under its ServiceAccount, with its settings."""
    pod = cluster.kubectl.json("get", "deployment", NAME, "-n", NAMESPACE)["spec"]["template"]["spec"]
    settings = {entry["name"].removeprefix(PREFIX).lower(): entry["value"] for entry in pod["containers"][0]["env"]}
    kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, pod["serviceAccountName"])
    return Operator(cluster, "operator", kubeconfig=kubeconfig, **settings)


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
