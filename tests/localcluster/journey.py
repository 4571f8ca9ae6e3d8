"""What the demonstration shows on a real node: a client that chats, a rollout under load, a change that breaks."""

import os
import shlex
from pathlib import Path
from typing import Final

from localcluster.client import Client, Traffic
from localcluster.cluster import say
from localcluster.shell import STEP_SECONDS, Shell, show
from localimage import BuilderMissingError, build_operator_image
from localimage.build import NAME as IMAGE

CHAT: Final = """\
{{"model": "{name}", "max_tokens": 12, "messages": [{{"role": "user", "content": "Why is the sky blue?"}}]}}
"""
HELD: Final = """
What is real: the control plane, this node with its containers, probes and network, {operator},
and a server that answers each request. What is not: the GPUs, which are names without devices, and
the model: behind the command line of vLLM stands its simulator, llm-d-inference-sim, whose words are
random."""


def say_what_is_real(*, in_pods: bool) -> None:
    """And what is not."""
    show(HELD.format(operator="the operator in its pods" if in_pods else "the operator, as a process"))


def operator_image(directory: Path) -> Path | None:
    """The operator's image from the Dockerfile; None where there is no builder, after saying so."""
    say("Building the operator's image …")
    try:
        return build_operator_image(directory / "operator.tar")
    except BuilderMissingError as error:
        say(f"{error}\nThe operator will run as a process beside the cluster, not in pods.")
        return None


def install(shell: Shell, chart: Path) -> None:
    """The operator in pods, by its chart."""
    repository, _, tag = IMAGE.rpartition(":")
    shell.run(
        f"helm install modelservice {os.path.relpath(chart)} --namespace modelservice-system --create-namespace --wait "
        f"--set image.repository={repository} --set image.tag={tag}"
    )
    shell.run("kubectl get pods --namespace modelservice-system -o wide")


def chat(shell: Shell, name: str) -> None:
    """What a client asks; it has no DNS here, so that it takes the address of the Service."""
    shell.run(f"kubectl get modelservice {name} -o jsonpath='{{.status.url}}'")
    address = _address(shell, name)
    show(f"\nThere is no DNS here: that host is the Service's address, {address}.")
    shell.run(f"curl -s --noproxy '*' http://{address}/v1/models")
    shell.run(
        f"curl -s --noproxy '*' http://{address}/v1/chat/completions -H 'Content-Type: application/json' -d @-",
        given=CHAT.format(name=name),
    )


def _address(shell: Shell, name: str) -> str:
    return shell.ask(f"kubectl get service {name} -o jsonpath={{.spec.clusterIP}}")


def roll_out(shell: Shell, name: str) -> None:
    """Clients ask throughout, each request once."""
    shell.run(f"kubectl scale modelservice {name} --replicas=3")
    _wait(shell, name, "jsonpath={.status.ready}=3/3")
    with Traffic(Client(_address(shell, name), name)) as traffic:
        _patch(shell, name, '{"spec":{"runtime":{"args":["--max-model-len=4096"]}}}')
        _wait(shell, name, "condition=Reconciling")
        shell.watch(
            f"kubectl get modelservice {name} --watch",
            until=f"kubectl wait modelservice/{name} --for=condition=Ready --timeout={STEP_SECONDS}s",
        )
    shell.run(f"kubectl get pods -l modelservice.dev/name={name}")
    show(
        f"\nMeanwhile clients made {len(traffic.answers)} requests, each once: {len(traffic.failures)} failed, "
        f"{len(traffic.pods)} pods answered."
    )


def break_it(shell: Shell, name: str) -> None:
    """A flag that the engine does not know, and back."""
    _patch(shell, name, '{"spec":{"runtime":{"args":["--max-modl-len=4096"]}}}')
    _wait(shell, name, "jsonpath={.status.problems[0].reason}=InvalidArgument")
    shell.run("modelservice status", fine=(0, 1))
    shell.run(f"kubectl get pods -l modelservice.dev/name={name}")
    _patch(shell, name, '{"spec":{"runtime":{"args":["--max-model-len=4096"]}}}')
    _wait(shell, name, "condition=Ready")


def restart_operator(shell: Shell, name: str) -> None:
    """All its pods are replaced; those of the model stay."""
    shell.run("kubectl rollout restart deployment/modelservice --namespace modelservice-system")
    shell.run("kubectl rollout status deployment/modelservice --namespace modelservice-system")
    shell.run(f"kubectl get pods -l modelservice.dev/name={name}")


def drain(shell: Shell, name: str, node: str) -> None:
    """There is nowhere else to go, so that the budget keeps all pods but one."""
    pods = f"-l modelservice.dev/name={name}"
    shell.run(
        f"kubectl drain {node} --delete-emptydir-data --pod-selector=modelservice.dev/name={name} --timeout=8s",
        fine=[1],
    )
    shell.run(f"kubectl get poddisruptionbudgets,pods {pods}")
    shell.run(f"kubectl uncordon {node}")
    _wait(shell, name, "condition=Ready")


def suspend(shell: Shell, name: str) -> None:
    """And resume."""
    _patch(shell, name, '{"spec":{"suspend":true}}')
    _wait(shell, name, "jsonpath={.status.ready}=0/0")
    shell.run(f"kubectl get modelservice {name}")
    _patch(shell, name, '{"spec":{"suspend":false}}')
    _wait(shell, name, "jsonpath={.status.ready}=3/3")
    shell.run(f"kubectl get modelservice {name}")


def _patch(shell: Shell, name: str, patch: str) -> None:
    shell.run(f"kubectl patch modelservice {name} --type=merge -p {shlex.quote(patch)}")


def _wait(shell: Shell, name: str, condition: str) -> None:
    shell.ask(f"kubectl wait modelservice/{name} --for={condition} --timeout={STEP_SECONDS}s")
