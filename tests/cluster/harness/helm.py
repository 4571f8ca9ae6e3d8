"""Helm, and releases of the chart beside the one that the tests share."""

import os
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.harness.operator import CHART
from localcluster import LocalCluster

RELEASE: Final = "own"
"""Name of a release beside the shared one."""
BESIDE_ANOTHER: Final = ("--set", "crds.enabled=false")
"""A release beside one that brought the CRD."""


def helm_environment(cluster: LocalCluster, home: Path) -> dict[str, str]:
    """For an administrator's Helm that writes nothing outside of `home`."""
    places = {f"HELM_{name}_HOME": str(home / name) for name in ("CACHE", "CONFIG", "DATA")}
    return {**os.environ, **places, "KUBECONFIG": str(cluster.kubeconfig)}


def helm(cluster: LocalCluster, *arguments: str | Path, home: Path, program: Path | None = None) -> str:
    """What Helm prints as administrator; it is Helm 4 unless `program` is another, and writes only into `home`."""
    done = subprocess.run(
        [program or cluster.programs.helm, *arguments],
        env=helm_environment(cluster, home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rendered(
    cluster: LocalCluster, home: Path, namespace: str, *flags: str | Path, program: Path | None = None
) -> list[dict[str, Any]]:
    """The manifests of a release of its own."""
    text = helm(cluster, "template", RELEASE, CHART, "--namespace", namespace, *flags, home=home, program=program)
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]
