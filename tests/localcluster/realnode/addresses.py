"""Which addresses a node gets: ranges of its own, of those that are reserved for tests of networks (RFC 2544)."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

SLOTS = 16


@dataclass(frozen=True)
class Addresses:
    """The link between machine and node, the pods of the node, and the services of the cluster."""

    link: IPv4Network
    pods: IPv4Network
    services: IPv4Network

    @property
    def machine(self) -> str:
        """The machine's end of the link, where the API server listens."""
        return str(self.link[1])

    @property
    def node(self) -> str:
        """The node's end of the link."""
        return str(self.link[2])


def slot(number: int) -> Addresses:
    """The addresses of slot 0 to `SLOTS` - 1; no two slots have one in common."""
    return Addresses(
        link=IPv4Network(f"198.18.0.{4 * number}/30"),
        pods=IPv4Network(f"198.18.{16 + number}.0/24"),
        services=IPv4Network(f"198.19.{16 * number}.0/20"),
    )


def free(routes: Iterable[str]) -> Addresses | None:
    """The first slot that no route of the machine leads to; None if all are taken. The default route takes none."""
    taken = [IPv4Network(route, strict=False) for route in routes if route != "default"]
    for number in range(SLOTS):
        addresses = slot(number)
        mine = (addresses.link, addresses.pods, addresses.services)
        if not any(route.prefixlen and route.overlaps(part) for route in taken for part in mine):
            return addresses
    return None
