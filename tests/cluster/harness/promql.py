"""What a PromQL expression reads."""

from dataclasses import dataclass

from promql_parser import Expr, MatchOp, VectorSelector, parse, walk


@dataclass(frozen=True)
class Selector:
    """Series that an expression reads: a metric, and all labels that matchers name; `equal` with what they must be."""

    metric: str
    labels: frozenset[str]
    equal: tuple[tuple[str, str], ...]


def selectors(expression: str) -> list[Selector]:
    """Every selector of an expression. Raises `ValueError` where it is no PromQL."""
    found: list[Selector] = []

    def visit(node: Expr) -> None:
        if isinstance(node, VectorSelector):
            matchers = node.matchers.matchers
            equal = [(matcher.name, matcher.value) for matcher in matchers if matcher.op == MatchOp.Equal]
            found.append(Selector(node.name or "", frozenset(matcher.name for matcher in matchers), tuple(equal)))

    walk(parse(expression), visit)
    return found
