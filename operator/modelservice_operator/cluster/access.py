"""How a cluster is reached: where, trusting whom, and as whom."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


async def _anonymous() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Access:
    """The address of one API server, and what is needed to be let in."""

    host: str
    """URL without a path, such as `https://10.96.0.1:443`."""
    tls: ssl.SSLContext | None = None
    """Whom to trust, and a client certificate where there is one; None for the defaults of aiohttp."""
    authorization: Callable[[], Awaitable[str | None]] = _anonymous
    """The Authorization header as of now, asked for before each request: tokens rotate. May raise anything."""
    server_name: str | None = None
    """The name in the server's certificate, when it is not that of the host."""
    proxy: str | None = None
