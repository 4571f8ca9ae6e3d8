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


def helm(cluster: LocalCluster, *arguments: str | Path, home: Path) -> str:
    """What Helm prints as administrator; it writes nothing outside of `home`."""
    places = {f"HELM_{name}_HOME": str(home / name) for name in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run(
        [cluster.programs.helm, *arguments],
        env=os.environ | places | {"KUBECONFIG": str(cluster.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rendered(cluster: LocalCluster, home: Path, namespace: str, *flags: str | Path) -> list[dict[str, Any]]:
    """The manifests of a release of its own."""
    text = helm(cluster, "template", RELEASE, CHART, "--namespace", namespace, *flags, home=home)
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]
