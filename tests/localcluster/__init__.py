"""A real Kubernetes control plane on loopback, with simulated nodes: for the tests and for a person to play with.

    with LocalCluster() as cluster:
        print(cluster.kubectl("get", "nodes"))
"""

from localcluster.cluster import LocalCluster
from localcluster.process import Process

__all__ = ["LocalCluster", "Process"]
