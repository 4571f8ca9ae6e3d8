"""The demonstration: what a person would type, typed for them, on a local cluster.

Everything shown after a `$` line is what that command printed.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from localcluster.cluster import LocalCluster, say
from localcluster.polling import attempts
from localcluster.process import Process, ProcessError
from localcluster.realnode import WORKLOAD, RealNodeSpec

NAME: Final = "qwen3-8b"
CRD: Final = "crd/modelservices.modelservice.dev"
BROKEN: Final = """\
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata:
  name: too-big
spec:
  model:
    uri: hf://deepseek-ai/DeepSeek-V3
  accelerator:
    count: 16
---
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata:
  name: gated
spec:
  model:
    uri: hf://meta-llama/Llama-3.1-8B-Instruct
    credentials:
      secretName: hf-token
  accelerator:
    count: 1
  runtime:
    env: [{name: SIMULATE_FAILURE, value: secret-not-found}]
---
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata:
  name: long-context
spec:
  model:
    uri: hf://Qwen/Qwen3-8B
  accelerator:
    count: 1
  runtime:
    env: [{name: SIMULATE_FAILURE, value: kv-cache}]
"""
"""Three that cannot run. The last two failures are simulated, with the words of a real kubelet and of a real vLLM."""
CONTAINED: Final = f"""\
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata:
  name: hello
spec:
  runtime:
    name: custom
    image: {WORKLOAD}
    args: [serve, $(PORT)]
    port: 8000
    healthPath: /
  replicas: 2
"""
"""No model but a container, which answers every request with its name."""
STEP_SECONDS: Final = 60


class DemoError(Exception):
    """A command failed, or something did not happen in time."""


class Shell:
    """Types commands at the cluster and shows what they print."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def run(self, command: str, given: str = "", fine: Collection[int] = (0,)) -> str:
        """Show a command and its output; raises `DemoError` when it ends otherwise than is `fine`."""
        typed = f"{command} <<'EOF'\n{given}EOF" if given else command
        _print(f"\n$ {typed}")
        done = subprocess.run(
            command, shell=True, input=given, text=True, capture_output=True, env=self._environment, check=False
        )
        _print((done.stdout + done.stderr).rstrip())
        if done.returncode not in fine:
            raise DemoError(f"`{command}` ended with {done.returncode}")
        return done.stdout

    def ask(self, command: str) -> str:
        """Output of a command that is not shown."""
        done = subprocess.run(shlex.split(command), text=True, capture_output=True, env=self._environment, check=False)
        return done.stdout

    def watch(self, command: str, until: str) -> None:
        """Show what a command that does not end prints, until `until` succeeds."""
        _print(f"\n$ {command}")
        with subprocess.Popen(shlex.split(command), env=self._environment, start_new_session=True) as watcher:
            try:
                done = subprocess.run(
                    shlex.split(until), env=self._environment, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    raise DemoError(done.stderr.strip())
                # The watcher gets the same event; it may be a moment behind.
                self._settle(watcher)
            finally:
                watcher.send_signal(signal.SIGINT)

    @staticmethod
    def _settle(watcher: subprocess.Popen[bytes]) -> None:
        for _ in attempts(0.5, interval=0.5):
            if watcher.poll() is not None:
                return


def demo(root: Path, *, keep: bool, real_node: RealNodeSpec | None = None) -> None:
    """Boot, show, and leave nothing running; with `keep` stay up until Ctrl-C, with `real_node` show real containers.

    Raises:
        DemoError: something did not go as it should.
    """
    with LocalCluster(real_node=real_node) as cluster:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{cluster.programs.kubectl.parent}"
        environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        }
        shell = Shell(environment)
        if real_node:
            say(f"\nA Kubernetes control plane runs; its node {real_node.name} is real, the others are simulated.")
            _install(cluster, shell, environment)
            _contain(shell)
        else:
            say("\nA Kubernetes control plane runs on loopback; its nodes are simulated.")
            _install(cluster, shell, environment)
            _serve(shell, root)
            _explain(shell)
            _scale_and_suspend(shell)
        if keep:
            _stay(cluster)
        else:
            _delete(shell)


def _install(cluster: LocalCluster, shell: Shell, environment: Mapping[str, str]) -> None:
    shell.run("kubectl get nodes -L nvidia.com/gpu.product -L nvidia.com/gpu.count")
    shell.run("modelservice crd | kubectl apply --server-side -f -")
    for _ in attempts(STEP_SECONDS):  # `kubectl wait` takes conditions that are not there yet for an error
        if shell.ask(f"kubectl get {CRD} -o jsonpath={{.status.conditions}}"):
            break
    shell.run(f"kubectl wait --for=condition=Established {CRD}")
    _print(f"\n$ modelservice run &     # log: {cluster.directory / 'logs' / 'operator.log'}")
    operator = cluster.spawn("operator", ["modelservice", "run", "--http-port", "0"], env=environment)
    for _ in attempts(STEP_SECONDS):
        if "Serving" in operator.tail() or operator.exit_code is not None:
            break
    _must_run(operator)


def _must_run(operator: Process) -> None:
    if operator.exit_code is not None:
        raise ProcessError(f"The operator ended with {operator.exit_code}:\n{operator.tail()}")


def _serve(shell: Shell, root: Path) -> None:
    quickstart = os.path.relpath(root / "examples" / "quickstart.yaml")
    shell.run(f"cat {quickstart}")
    shell.run(f"kubectl apply -f {quickstart}")
    shell.watch(
        f"kubectl get modelservice {NAME} --watch",
        until=f"kubectl wait modelservice/{NAME} --for=condition=Ready --timeout={STEP_SECONDS}s",
    )
    shell.run(f"kubectl get deployments,services,controllerrevisions,pods -l modelservice.dev/name={NAME} -o wide")
    shell.run(f"kubectl get modelservice {NAME} -o wide")


def _explain(shell: Shell) -> None:
    shell.run("kubectl apply -f -", given=BROKEN)
    for name in ("too-big", "gated", "long-context"):
        shell.ask(f"kubectl wait modelservice/{name} --for=condition=Ready=False --timeout={STEP_SECONDS}s")
    shell.run("kubectl get modelservices")
    shell.run("modelservice status", fine=(0, 1))
    shell.run("modelservice explain long-context", fine=(0, 1))


def _contain(shell: Shell) -> None:
    shell.run("kubectl apply -f -", given=CONTAINED)
    shell.watch(
        "kubectl get modelservice hello --watch",
        until=f"kubectl wait modelservice/hello --for=condition=Ready --timeout={STEP_SECONDS}s",
    )
    shell.run("kubectl get services,pods -l modelservice.dev/name=hello -o wide")
    shell.run("kubectl logs deployment/hello")
    shell.run("kubectl get --raw /api/v1/namespaces/default/services/hello:http/proxy/greeting")


def _scale_and_suspend(shell: Shell) -> None:
    shell.run(f"kubectl scale modelservice {NAME} --replicas=3")
    shell.watch(
        f"kubectl get modelservice {NAME} --watch",
        until=f"kubectl wait modelservice/{NAME} --for=jsonpath={{.status.ready}}=3/3 --timeout={STEP_SECONDS}s",
    )
    patch = shlex.quote('{"spec":{"suspend":true}}')
    shell.run(f"kubectl patch modelservice {NAME} --type=merge -p {patch}")
    shell.ask(f"kubectl wait modelservice/{NAME} --for=jsonpath={{.status.ready}}=0/0 --timeout={STEP_SECONDS}s")
    shell.run(f"kubectl get modelservice {NAME}")
    shell.run(f"kubectl get pods -l modelservice.dev/name={NAME}")


def _delete(shell: Shell) -> None:
    shell.run("kubectl delete modelservices --all")
    left = "kubectl get modelservices,deployments,controllerrevisions,replicasets,pods,services"
    # The garbage collector looks for new kinds of owners every 30 s.
    for _ in attempts(STEP_SECONDS, interval=0.5):
        if shell.ask(f"{left} -o name").split() == ["service/kubernetes"]:
            break
    shell.run(left)
    say("\nStopping.")


def _stay(cluster: LocalCluster) -> None:
    say(
        "\nIt stays up until Ctrl-C. In another terminal:\n"
        f"  export PATH={cluster.programs.kubectl.parent}:$PATH\n  export KUBECONFIG={cluster.kubeconfig}"
    )
    while True:
        signal.pause()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
