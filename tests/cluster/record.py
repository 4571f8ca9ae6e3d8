"""Record what the operator of an earlier commit makes of the estate: `python -m cluster.record COMMIT`."""

import argparse
import sys
import tempfile
from pathlib import Path

from cluster.harness.audit import Audit, settled
from cluster.harness.earlier import Earlier
from cluster.harness.estate import add_nodes, settle_estate
from cluster.harness.recording import record
from cluster.harness.release import Release, operator_of_the_release
from localcluster import LocalCluster
from releases import path_of

NAMESPACE = "models"


def main() -> None:
    """Record it, on a local cluster."""
    parser = argparse.ArgumentParser(prog="python -m cluster.record", description=__doc__)
    parser.add_argument("commit", help="with as many digits as its name is to have")
    parser.add_argument("--without", default="", help="states that it does not know yet, separated by commas")
    arguments = parser.parse_args()
    commit: str = arguments.commit
    with tempfile.TemporaryDirectory() as directory, LocalCluster() as cluster:
        earlier = Earlier(commit, Path(directory))
        Release(cluster, Path(directory))("install", earlier.chart, "--create-namespace")
        add_nodes(cluster.kubectl)
        operator_of_the_release(cluster, python_path=earlier.python_path).ensure_working()
        cluster.kubectl("create", "namespace", NAMESPACE)
        kubectl = cluster.kubectl.within(NAMESPACE)
        with settle_estate(kubectl, earlier.examples, without=arguments.without.split(",")):
            settled(Audit(cluster))
            record(kubectl, commit)
    sys.stdout.write(f"Wrote {path_of(commit)}\n")


if __name__ == "__main__":
    main()
