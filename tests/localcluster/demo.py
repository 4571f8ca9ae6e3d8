"""The demonstration: what a person would type, typed for them, on a local cluster.

Everything shown after a `$` line is what that command printed.
"""

import dataclasses
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from localcluster.cluster import LocalCluster, say
from localcluster.engines import vllm_image
from localcluster.journey import (
    break_it,
    chat,
    drain,
    install,
    operator_image,
    restart_operator,
    roll_out,
    say_what_is_real,
    suspend,
)
from localcluster.polling import attempts
from localcluster.process import Process, ProcessError
from localcluster.realnode import RealNodeSpec
from localcluster.shell import STEP_SECONDS, Shell, show

NAME: Final = "qwen3-8b"
NODES: Final = "kubectl get nodes -L nvidia.com/gpu.product -L nvidia.com/gpu.count"
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


def demo(root: Path, *, keep: bool, real_node: RealNodeSpec | None = None) -> None:
    """Boot, show, and leave nothing running; with `keep` stay up until Ctrl-C, with `real_node` show real containers.

    Raises:
        DemoError: something did not go as it should.
    """
    with tempfile.TemporaryDirectory(prefix="modelservice-demo-") as scratch:
        archive = operator_image(Path(scratch)) if real_node else None
        if real_node:
            images = [vllm_image(Path(scratch)), *([archive] if archive else [])]
            real_node = dataclasses.replace(real_node, images=images)
        _show(LocalCluster(real_node=real_node), root, keep=keep, in_pods=archive is not None)


def _show(booting: LocalCluster, root: Path, *, keep: bool, in_pods: bool) -> None:
    with booting as cluster:
        programs = (cluster.programs.kubectl, cluster.programs.helm, Path(sys.executable))
        environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": os.pathsep.join([*(str(program.parent) for program in reversed(programs)), os.environ["PATH"]]),
        }
        shell = Shell(environment)
        if cluster.has_real_node:
            name = cluster.real_node.name
            say(f"\nA Kubernetes control plane runs; its node {name} is real, the others are simulated.")
            say_what_is_real(in_pods=in_pods)
            shell.run(NODES)
            if in_pods:
                install(shell, root / "charts" / "modelservice-operator")
            else:
                _install(cluster, shell, environment)
            _serve(shell, root)
            chat(shell, NAME)
            roll_out(shell, NAME)
            break_it(shell, NAME)
            if in_pods:
                restart_operator(shell, NAME)
            drain(shell, NAME, name)
            suspend(shell, NAME)
        else:
            say("\nA Kubernetes control plane runs on loopback; its nodes are simulated.")
            shell.run(NODES)
            _install(cluster, shell, environment)
            _serve(shell, root)
            _explain(shell)
            _scale_and_suspend(shell)
        if keep:
            _stay(cluster)
        else:
            _delete(shell)


def _install(cluster: LocalCluster, shell: Shell, environment: Mapping[str, str]) -> None:
    shell.run("modelservice crd | kubectl apply --server-side -f -")
    for _ in attempts(STEP_SECONDS):  # `kubectl wait` takes conditions that are not there yet for an error
        if shell.ask(f"kubectl get {CRD} -o jsonpath={{.status.conditions}}"):
            break
    shell.run(f"kubectl wait --for=condition=Established {CRD}")
    show(f"\n$ modelservice run &     # log: {cluster.directory / 'logs' / 'operator.log'}")
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
