"""Someone who runs `modelservice plan`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

PERSON: Final = "planner"


class Person:
    """Someone who may read the children and change ModelServices in one namespace, and no more unless granted."""

    def __init__(self, cluster: LocalCluster, kubectl: Kubectl) -> None:
        kubectl("create", "serviceaccount", PERSON)
        self.name = f"system:serviceaccount:{kubectl.namespace}:{PERSON}"
        self.kubeconfig = cluster.service_account_kubeconfig(kubectl.namespace, PERSON)
        self._kubectl = kubectl
        self._granted = 0
        kubectl(
            "create", "rolebinding", "looks", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:{PERSON}"
        )

    def may(self, verbs: str, resources: str) -> "Person":
        """Grant verbs on resources."""
        self._granted += 1
        name = f"grant-{self._granted}"
        self._kubectl("create", "role", name, f"--verb={verbs}", f"--resource={resources}")
        account = f"--serviceaccount={self._kubectl.namespace}:{PERSON}"
        self._kubectl("create", "rolebinding", name, f"--role={name}", account)
        mine = f"--as={self.name}"
        verb, resource = verbs.split(",")[-1], resources.split(",")[-1]
        eventually(
            lambda: self._kubectl("auth", "can-i", verb, resource, mine), why=f"{self.name} may {verb} {resource}"
        )
        return self

    def plan(self, *given: Service | str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run it on ModelServices, or on texts, from standard input."""
        texts = [json.dumps(each.manifest) if isinstance(each, Service) else each for each in given]
        return plan(self.kubeconfig, "-n", self._kubectl.namespace, *flags, given="\n---\n".join(texts))

    def foresees(self, service: Service, *flags: str) -> dict[str, Any]:
        """What it says of one ModelService, for machines."""
        told = self.plan(service, flags=("-o", "json", *flags))
        (found,) = json.loads(told.stdout)
        assert told.returncode == (1 if found["changes"] or found["problems"] else 0), told
        return dict(found)


def plan(kubeconfig: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modelservice_operator", "plan", "--kubeconfig", str(kubeconfig), "-f", "-"]
    return subprocess.run([*command, *arguments], input=given, capture_output=True, text=True, check=False, timeout=60)


def actions(found: dict[str, Any]) -> dict[str, str]:
    return {child["kind"]: child["action"] for child in found["children"]}
