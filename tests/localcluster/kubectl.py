"""kubectl, bound to one cluster and user."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 120.0


class KubectlError(Exception):
    """kubectl ended with an error; the text is what it said."""


class Kubectl:
    """Calls kubectl with one kubeconfig, and in one namespace if one is given (a later `-n` wins)."""

    def __init__(self, program: Path, kubeconfig: Path, namespace: str = "", user: str = "") -> None:
        self.program = program
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.user = user

    def within(self, namespace: str) -> "Kubectl":
        """The same, in that namespace."""
        return Kubectl(self.program, self.kubeconfig, namespace, self.user)

    def impersonating(self, user: str) -> "Kubectl":
        """The same, as that user."""
        return Kubectl(self.program, self.kubeconfig, self.namespace, user)

    def __call__(
        self, *arguments: str | Path, given: str | Mapping[str, Any] | Sequence[Mapping[str, Any]] = ""
    ) -> str:
        """What kubectl prints. `given` is its standard input: text, a manifest, or several.

        Raises `KubectlError` with its error output, and after `TIMEOUT_SECONDS`.
        """
        command: list[str | Path] = [self.program, "--kubeconfig", self.kubeconfig]
        if self.namespace:
            command += ["--namespace", self.namespace]
        if self.user:
            command += ["--as", self.user]
        try:
            done = subprocess.run(
                [*command, *arguments],
                input=_text(given),
                capture_output=True,
                text=True,
                check=False,
                timeout=TIMEOUT_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"kubectl {' '.join(map(str, arguments))}: no end after {error.timeout:g} s") from error
        if done.returncode:
            raise KubectlError(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """The object, or the List of objects, that `arguments` with `-o json` gives."""
        answer: dict[str, Any] = json.loads(self(*arguments, "-o", "json"))
        return answer


def _text(given: str | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    if isinstance(given, str):
        return given
    items = [given] if isinstance(given, Mapping) else list(given)
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
