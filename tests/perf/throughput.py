"""Many ModelServices applied at once, against the same writes without an operator, on fresh control planes in turn."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cluster.harness.audit import Request
from cluster.harness.operator import USER
from modelservice_operator.manifest import wire_json
from perf.intents import UID, children
from perf.load import Connection, path_of
from perf.rows import Figure
from perf.services import roomy_nodes, services
from perf.stage import Stage, stage
from perf.statistics import median

ROUNDS: Final = 9
"""Single ratios lie between 0.9 and 1.3 on a machine of two cores that does nothing else."""
CONCURRENCIES: Final = (8, 16, 32)
CHILDREN: Final = ("controllerrevisions", "deployments", "services")


def measure(size: int) -> Iterator[Figure]:
    """Ratios at 200 and, if the run is that large, at 1,000."""
    best = min(CONCURRENCIES, key=lambda concurrency: _plain_seconds(services(0, 200), concurrency))
    yield _ratio("throughput.200", services(0, 200), best, ROUNDS)
    yield _ratio("throughput.pods", services(0, 200, replicas=1), best, 1, nodes=roomy_nodes(200))
    if size >= 1000:
        yield _ratio("throughput.1000", services(0, 1000), best, ROUNDS)


def _ratio(
    row: str,
    manifests: Sequence[dict[str, Any]],
    concurrency: int,
    rounds: int,
    nodes: Sequence[dict[str, Any]] | None = None,
) -> Figure:
    """The median of the ratios of neighbouring runs."""
    pairs = [
        (_plain_seconds(manifests, concurrency, nodes), _operator_seconds(manifests, concurrency, nodes))
        for _ in range(rounds)
    ]
    ratios = [ours / plain for plain, ours in pairs]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {rounds}" if rounds > 1 else "once"
    plain, ours = (median(times) for times in zip(*pairs, strict=True))
    return Figure(row, median(ratios), f"{spread}; {ours:.1f} s against {plain:.1f} s, {concurrency} at a time")


def _operator_seconds(
    manifests: Sequence[dict[str, Any]], concurrency: int, nodes: Sequence[dict[str, Any]] | None = None
) -> float:
    with stage(nodes) as here:
        here.operator()
        mark = here.audit.mark()
        here.load.apply(manifests, concurrency)
        return _seconds(here, mark, len(manifests), by=USER)


def _plain_seconds(
    manifests: Sequence[dict[str, Any]], concurrency: int, nodes: Sequence[dict[str, Any]] | None = None
) -> float:
    families = [(manifest, _children(manifest)) for manifest in manifests]

    async def family(connection: Connection, item: tuple[dict[str, Any], list[tuple[str, str]]]) -> None:
        parent, texts = item
        uid = (await connection.apply(parent))["metadata"]["uid"]
        for path, text in texts:
            await connection.apply_text(path, text.replace(UID, uid))

    with stage(nodes) as here:
        mark = here.audit.mark()
        here.load.each(families, family, concurrency)
        return _seconds(here, mark, len(manifests), by="admin")


def _seconds(here: Stage, mark: int, count: int, *, by: str) -> float:
    """From the receipt of the first apply of a user until the last child exists, by the API server's clock."""
    made: list[Request] = [request for kind in CHILDREN for request in here.wait_for(count, kind, mark, by=by)]
    asked = here.wait_for(count, "modelservices", mark, by="admin")
    first = min(request.received for request in asked)
    return (max(request.answered for request in made) - first).total_seconds()


def _children(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and JSON of the children, for an owner whose uid is not known yet."""
    return [(path_of(child), wire_json(child).decode()) for child in children(manifest)]
