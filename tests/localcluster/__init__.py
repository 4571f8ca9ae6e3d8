"""A real Kubernetes control plane on loopback, with simulated nodes: for the tests and for a person to play with.

with LocalCluster() as cluster:
    nodes = cluster.kubectl("get", "nodes")
"""

from localcluster.cluster import LocalCluster
from localcluster.kubectl import Kubectl, KubectlError
from localcluster.process import Process, ProcessError

__all__ = ["Kubectl", "KubectlError", "LocalCluster", "Process", "ProcessError"]
