"""Namespaces that last as long as a test."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.harness.wait import eventually
from localcluster import LocalCluster


@contextmanager
def temporary_namespace(cluster: LocalCluster, purpose: str) -> Iterator[str]:
    """A new namespace `t-<purpose>-<random>` in which pods can be created. Its deletion is not waited for."""
    short = re.sub(r"[^a-z0-9]+", "-", purpose.lower())[:40].strip("-")
    name = f"t-{short}-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    eventually(
        lambda: cluster.kubectl("get", "serviceaccount", "default", "-n", name),
        why=f"the controller manager makes the default ServiceAccount of {name}",
    )
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
