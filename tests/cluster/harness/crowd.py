"""Some ModelServices that come, change and go at random, and what others do to their children."""

import random
from typing import Any, Final

from cluster.harness.service import Service
from localcluster import Kubectl, KubectlError

NAMES: Final = tuple(f"model-{number}" for number in range(6))
KINDS: Final = ("deployment", "service", "horizontalpodautoscaler", "poddisruptionbudget", "ingress")
SCALING: Final = {"maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "50"}]}
INGRESS: Final = {"ingress": {"host": "models.example.com"}}


class Crowd:
    """The ModelServices of a namespace. What happens follows from `dice` alone, not from what the operator has done."""

    def __init__(self, kubectl: Kubectl, dice: random.Random) -> None:
        self._kubectl = kubectl
        self._dice = dice
        self._there: set[str] = set()

    def act(self) -> str:
        """Let something happen; says what."""
        name = self._dice.choice(NAMES)
        if name not in self._there:
            return self._apply(name)
        action = self._dice.choice((self._apply, self._apply, self._delete, self._replace, self._bereave, self._meddle))
        return action(name)

    def _apply(self, name: str) -> str:
        spec = self._spec()
        Service(self._kubectl, name, **spec).apply()
        self._there.add(name)
        return f"apply {name} with {spec}"

    def _spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "replicas": self._dice.choice((0, 1, 2)),
            "endpoint": {"port": 8000 + self._dice.randrange(3)} | self._dice.choice(({}, INGRESS)),
        }
        optional = {"scaling": SCALING, "disruption": {"maxUnavailable": 1}, "suspend": True}
        return spec | {field: value for field, value in optional.items() if self._dice.random() < 0.3}

    def _delete(self, name: str) -> str:
        how = self._dice.choice(("background", "foreground"))
        self._kubectl("delete", "modelservice", name, f"--cascade={how}", "--wait=false", "--ignore-not-found")
        self._there.remove(name)
        return f"delete {name} in the {how}"

    def _replace(self, name: str) -> str:
        """The new one comes while the children of the old one are still there."""
        self._kubectl("delete", "modelservice", name, "--ignore-not-found")
        return f"replace: {self._apply(name)}"

    def _bereave(self, name: str) -> str:
        kinds = ",".join(self._dice.sample(KINDS, 2))
        self._kubectl("delete", kinds, name, "--ignore-not-found", "--wait=false")
        return f"delete {kinds} of {name}"

    def _meddle(self, name: str) -> str:
        command = self._dice.choice(
            (
                ("scale", "deployment", name, "--replicas=3"),
                ("set", "image", f"deployment/{name}", "server=example.com/other:1"),
                ("patch", "service", name, "-p", '{"spec":{"selector":{"track":"canary"}}}'),
                ("label", "service", name, "app.kubernetes.io/managed-by-"),
            )
        )
        try:
            self._kubectl(*command)
        except KubectlError as error:
            if "not found" not in str(error):  # the operator may not have made it yet
                raise
        return " ".join(command)
