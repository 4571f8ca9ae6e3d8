"""The local cluster on the command line: `demo` to look at, `up` to play with, `build` to have the programs ready."""

import argparse
import shutil
import signal
import sys
from pathlib import Path

from localcluster.build import BuildError, programs
from localcluster.cluster import LocalCluster, say
from localcluster.demo import DemoError, demo
from localcluster.golang import GoMissingError
from localcluster.kubectl import KubectlError
from localcluster.process import ProcessError

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="localcluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="boot a cluster, and stop it on Ctrl-C")
    up.add_argument("--crds", type=Path, help="apply the YAML files of this directory, if it has any")
    show = commands.add_parser("demo", help="show the operator at work on a cluster of its own")
    show.add_argument("--keep", action="store_true", help="leave it up until Ctrl-C")
    commands.add_parser("build", help="build the programs that are not in the cache")
    arguments = parser.parse_args()
    # SIGINT too: a shell without job control has what it starts in the background ignore it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if arguments.command == "build":
            programs(say)
        elif arguments.command == "demo":
            demo(ROOT, keep=arguments.keep)
        else:
            _up(arguments.crds)
    except KeyboardInterrupt:
        say("\nStopped.")
    except (BuildError, DemoError, GoMissingError, KubectlError, ProcessError) as error:
        say(str(error))
        return 1
    return 0


def _up(crds: Path | None) -> None:
    with LocalCluster() as cluster:
        if crds and any(crds.glob("*.yaml")):
            say(cluster.kubectl("apply", "--server-side", "-f", crds).rstrip())
        say("The cluster is up. In another terminal:\n")
        if not shutil.which("kubectl"):
            _print(f"export PATH={cluster.programs.kubectl.parent}:$PATH")
        _print(f"export KUBECONFIG={cluster.kubeconfig}")
        say(
            "kubectl get nodes -L nvidia.com/gpu.product,nvidia.com/gpu.count\n"
            "kubectl create deployment web --image=nginx && kubectl get pods -w\n"
            f"\nLogs: {cluster.directory / 'logs'}. Ctrl-C stops it and removes everything."
        )
        while True:
            signal.pause()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
