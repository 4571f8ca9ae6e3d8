"""What Flux makes of an object by the healthCheckExprs of a Kustomization."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml
from cel_expr_python import cel

from modelservice_operator.manifest import Manifest

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "gitops" / "flux"
_ENVIRONMENT: Final = cel.NewEnv(
    variables=dict.fromkeys(("apiVersion", "kind", "metadata", "spec", "status"), cel.Type.DYN)
)


class HealthCheck:
    """One entry of healthCheckExprs: the fields of an object are the variables of its expressions."""

    def __init__(self, expressions: Manifest) -> None:
        verdicts = (("inProgress", "InProgress"), ("failed", "Failed"), ("current", "Current"))
        self._rules = [
            (_ENVIRONMENT.compile(expressions[field]), verdict) for field, verdict in verdicts if field in expressions
        ]

    def verdict(self, live: Manifest) -> str:
        """In Flux's order: the generation, then inProgress, failed and current; InProgress where none holds.

        Raises:
            ValueError: an expression has no value for this object; Flux then waits until its timeout.
        """
        observed = live.get("status", {}).get("observedGeneration")
        if observed is not None and observed != live["metadata"]["generation"]:
            return "InProgress"
        for rule, verdict in self._rules:
            value = rule.eval(data=live)
            if value.type() == cel.Type.ERROR:
                raise ValueError(str(value.value()))
            if value.value() is True:
                return verdict
        return "InProgress"


@cache
def staging() -> HealthCheck:
    """That of the example for staging."""
    kustomization: Manifest = yaml.safe_load((EXAMPLES / "staging.yaml").read_text("utf-8"))
    (entry,) = kustomization["spec"]["healthCheckExprs"]
    if (entry.pop("apiVersion"), entry.pop("kind")) != ("modelservice.dev/v1alpha1", "ModelService"):
        raise LookupError("The expressions are about another kind.")
    return HealthCheck(entry)
