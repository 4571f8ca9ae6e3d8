"""A real node beside the simulated ones: its namespaces, network, images and programs."""

from localcluster.realnode.node import GPU, WORKLOAD, RealNode, RealNodeSpec
from localcluster.realnode.preflight import in_words, missing

__all__ = ["GPU", "WORKLOAD", "RealNode", "RealNodeSpec", "in_words", "missing"]
