"""The local cluster on the command line: `demo` to look at, `up` to play with, `build` to have the programs ready,
`preflight` to know whether a real node can run, `record` to keep the pods of any cluster as test data.
"""

import argparse
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from localcluster.build import programs
from localcluster.cluster import LocalCluster, say
from localcluster.demo import demo
from localcluster.golang import GoMissingError
from localcluster.kubectl import Kubectl, KubectlError
from localcluster.module import BuildError
from localcluster.process import ProcessError
from localcluster.realnode import WORKLOAD, RealNodeSpec, in_words, missing
from localcluster.record import Recorder
from localcluster.shell import DemoError

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="localcluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="boot a cluster, and stop it on Ctrl-C")
    up.add_argument("--crds", type=Path, help="apply the YAML files of this directory, if it has any")
    _node_option(up)
    show = commands.add_parser("demo", help="show the operator at work on a cluster of its own")
    show.add_argument("--keep", action="store_true", help="leave it up until Ctrl-C")
    _node_option(show)
    commands.add_parser("build", help="build the programs that are not in the cache")
    commands.add_parser("preflight", help="say what this machine lacks for a real node")
    keep = commands.add_parser("record", help="record the pods of the cluster of $KUBECONFIG, until Ctrl-C")
    keep.add_argument("directory", type=Path, help="where a file for each pod is written at the end")
    keep.add_argument("--namespace", default="default")
    keep.add_argument("--selector", default="", help="labels that the pods have")
    arguments = parser.parse_args()
    # SIGINT too: a shell without job control has what it starts in the background ignore it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if arguments.command == "build":
            programs(say)
        elif arguments.command == "preflight":
            return _preflight()
        elif arguments.command == "record":
            _record(arguments.directory, arguments.namespace, arguments.selector)
        elif arguments.command == "demo":
            demo(ROOT, keep=arguments.keep, real_node=_wanted(arguments.node))
        else:
            _up(arguments.crds, RealNodeSpec(gpus=2) if arguments.node else None)
    except KeyboardInterrupt:
        say("\nStopped.")
    except (BuildError, DemoError, GoMissingError, KubectlError, ProcessError) as error:
        say(str(error))
        return 1
    return 0


def _node_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--node", choices=["real"], help="have a real node too, whose pods are containers (as root)")


def _preflight() -> int:
    lacks = missing()
    say(in_words(lacks) if lacks else "A real node can run here.")
    return 1 if lacks else 0


def _wanted(node: str | None) -> RealNodeSpec | None:
    """The real node that was asked for; None where none can run, after saying why."""
    if not node:
        return None
    if lacks := missing():
        say(f"{in_words(lacks)}\nThe demonstration goes on with simulated nodes alone.\n")
        return None
    return RealNodeSpec(gpus=8)


def _up(crds: Path | None, real_node: RealNodeSpec | None) -> None:
    with LocalCluster(real_node=real_node) as cluster:
        if crds and any(crds.glob("*.yaml")):
            say(cluster.kubectl("apply", "--server-side", "-f", crds).rstrip())
        say("The cluster is up. In another terminal:\n")
        if not shutil.which("kubectl"):
            _print(f"export PATH={cluster.programs.kubectl.parent}:$PATH")
        if not shutil.which("helm"):
            _print(f"export PATH={cluster.programs.helm.parent}:$PATH")
        _print(f"export KUBECONFIG={cluster.kubeconfig}")
        if crds:
            _print(f"{Path(sys.executable).parent / 'modelservice'} run    # the operator, until Ctrl-C")
        say(
            "kubectl get nodes -L nvidia.com/gpu.product,nvidia.com/gpu.count\n"
            f"kubectl create deployment web {_what_runs(real_node)} && kubectl get pods -w\n"
            f"\nLogs: {cluster.directory / 'logs'}. Ctrl-C stops it and removes everything."
        )
        while True:
            signal.pause()


def _record(directory: Path, namespace: str, selector: str) -> None:
    kubeconfig = Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    kubectl = Kubectl(programs(say).kubectl, kubeconfig, namespace)
    kubectl("get", "pods")
    directory.mkdir(parents=True, exist_ok=True)
    with Recorder(kubectl, selector) as recorder:
        say(f"Recording the pods of namespace {namespace} until Ctrl-C.")
        with suppress(KeyboardInterrupt):
            while True:
                signal.pause()
        files = recorder.write(directory)
    say(f"\n{len(files)} pods recorded in {directory}: modelservice diagnose -f FILE")


def _what_runs(real_node: RealNodeSpec | None) -> str:
    """Arguments for a Deployment: simulated nodes run any image, a real one what it was given."""
    return f"--image={WORKLOAD} -- /workload serve 8000" if real_node else "--image=nginx"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
