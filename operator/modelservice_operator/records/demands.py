"""What a pod asks of the node that is to take it, beside room."""

from dataclasses import dataclass
from sys import intern
from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import items, section, word

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True, slots=True)
class Expression:
    """A demand on one label."""

    key: str
    operator: str
    """As in a node affinity; empty where it is about something else than a label."""
    values: tuple[str, ...]

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Expression":
        """One of `matchExpressions`. Never raises on what is absent."""
        values = manifest.get("values")
        texts = [intern(value) for value in values if isinstance(value, str)] if isinstance(values, list) else []
        return cls(word(manifest, "key"), word(manifest, "operator"), tuple(texts))


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that does not keep the pod off; what is empty stands for any."""

    key: str
    operator: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class Demands:
    """The labels that a node must have, and the taints that it may have."""

    selector: tuple[Expression, ...] = ()
    terms: tuple[tuple[Expression, ...], ...] = ()
    """Of the required node affinity: one of them must hold as a whole, where there are any. An empty one never does."""
    tolerations: tuple[Toleration, ...] = ()

    @classmethod
    def from_manifest(cls, spec: Manifest) -> "Demands":
        """Those of the spec of a pod. Never raises on what is absent."""
        selector = section(spec, "nodeSelector")
        required = section(section(section(spec, "affinity"), "nodeAffinity"), _REQUIRED)
        return cls(
            tuple(Expression(intern(key), "In", (word(selector, key),)) for key in selector),
            tuple(_term(term) for term in items(required, "nodeSelectorTerms")),
            tuple(
                Toleration(word(each, "key"), word(each, "operator"), word(each, "value"), word(each, "effect"))
                for each in items(spec, "tolerations")
            ),
        )

    @property
    def always(self) -> tuple[Expression, ...]:
        """What a node must meet whichever term holds."""
        first, *others = self.terms or ((),)
        return (*self.selector, *(each for each in first if all(each in other for other in others)))


def _term(term: Manifest) -> tuple[Expression, ...]:
    of_labels = (Expression.from_manifest(each) for each in items(term, "matchExpressions"))
    return (*of_labels, *(Expression(word(each, "key"), "", ()) for each in items(term, "matchFields")))
