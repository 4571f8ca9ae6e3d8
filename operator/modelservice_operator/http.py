"""The one port of the process: /healthz, /readyz and /metrics."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client.aiohttp import make_aiohttp_handler

from modelservice_operator.metrics import Metrics
from modelservice_operator.settings import Settings

logger = logging.getLogger(__name__)

SHUTDOWN: Final = 1.0
"""Seconds that open requests get at shutdown: a scrape may end, a probe that keeps its connection delays nothing."""

Check = Callable[[], Sequence[str]]
"""What is wrong at the moment, one line each; empty when all is well. Must not block."""


class CannotListen(Exception):
    """The port is taken or not allowed; the message says which setting to change."""


@asynccontextmanager
async def serve(settings: Settings, metrics: Metrics, *, healthy: Check, ready: Check) -> AsyncIterator[str]:
    """Serve for as long as the block runs; gives the base URL, with the port that was free if 0 was asked for.

    /healthz and /readyz answer 200 `ok`, or 503 with one line per complaint. A process whose event loop no longer
    turns does not answer at all, which probes count as failed too.

    Raises:
        CannotListen: address or port cannot be had.
    """
    app = web.Application()
    app.router.add_get("/healthz", _check(healthy))
    app.router.add_get("/readyz", _check(ready))
    app.router.add_get("/metrics", make_aiohttp_handler(metrics.registry))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.http_host, settings.http_port)
        try:
            await site.start()
        except OSError as error:
            raise CannotListen(_refusal(settings, error)) from error
        host, port = runner.addresses[0][:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        logger.info("Serving /healthz, /readyz and /metrics on %s.", url)
        yield url
    finally:
        await runner.cleanup()


def _check(check: Check) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        complaints = check()
        if complaints:
            return web.Response(status=503, text="".join(f"{line}\n" for line in complaints))
        return web.Response(text="ok\n")

    return handle


def _refusal(settings: Settings, error: OSError) -> str:
    return (
        f"cannot serve /healthz, /readyz and /metrics on {settings.http_host}:{settings.http_port}: "
        f"{error.strerror or error}. Choose another port with --http-port or MODELSERVICE_HTTP_PORT (0 takes any that "
        "is free), or another address with --http-host or MODELSERVICE_HTTP_HOST."
    )
