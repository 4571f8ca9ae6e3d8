"""The sizes of what is installed."""

from collections.abc import Iterator

from cluster.harness.grants import granted
from cluster.harness.operator import ROOT, chart
from localcluster import LocalCluster
from localcluster.build import programs
from localcluster.cluster import say
from perf.rows import Figure


def measure(size: int) -> Iterator[Figure]:
    """Needs no control plane."""
    cluster = LocalCluster()
    cluster.programs = programs(say)
    yield Figure("crd.size", (ROOT / "crds" / "modelservice.dev_modelservices.yaml").stat().st_size / 1000)
    yield Figure("rbac.grants", len(granted(chart(cluster))))
