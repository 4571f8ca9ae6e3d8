import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from modelservice_operator.http import CannotListen, serve
from modelservice_operator.metrics import Metrics
from modelservice_operator.settings import Settings


@asynccontextmanager
async def served(
    healthy: list[str] | None = None, ready: list[str] | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    settings = Settings.from_env({}, http_port=0)
    async with (
        serve(settings, Metrics(), healthy=lambda: healthy or [], ready=lambda: ready or []) as url,
        aiohttp.ClientSession(url) as session,
    ):
        yield session


async def get(session: aiohttp.ClientSession, path: str, method: str = "GET") -> tuple[int, str]:
    async with session.request(method, path) as response:
        return response.status, await response.text()


async def test_all_is_well() -> None:
    async with served() as session:
        assert await get(session, "/healthz") == (200, "ok\n")
        assert await get(session, "/readyz") == (200, "ok\n")


async def test_each_complaint_is_a_line_and_is_asked_for_anew() -> None:
    healthy: list[str] = []
    ready = ["the stores are not primed yet", "the watch of pods has been silent for 300 s"]
    async with served(healthy, ready) as session:
        assert await get(session, "/readyz") == (
            503,
            "the stores are not primed yet\nthe watch of pods has been silent for 300 s\n",
        )
        assert await get(session, "/healthz") == (200, "ok\n")
        ready.clear()
        healthy.append("a reconcile has been running for 301 s")
        assert await get(session, "/readyz") == (200, "ok\n")
        assert await get(session, "/healthz") == (503, "a reconcile has been running for 301 s\n")


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("HEAD", "/healthz", 200, ""),
        ("HEAD", "/metrics", 200, ""),
        ("POST", "/healthz", 405, "405: Method Not Allowed"),
        ("GET", "/", 404, "404: Not Found"),
        ("GET", "/healthz/", 404, "404: Not Found"),
    ],
)
async def test_other_requests(method: str, path: str, status: int, text: str) -> None:
    async with served() as session:
        assert await get(session, path, method) == (status, text)


async def test_metrics_are_served_in_prometheus_format() -> None:
    async with served() as session, session.get("/metrics") as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        assert "leader_election_master_status" in await response.text()


async def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    async with served() as session:
        base = session._base_url
        assert base is not None
        settings = Settings.from_env({}, http_port=base.port)
        words = f"127.0.0.1:{base.port}: .*--http-port or MODELSERVICE_HTTP_PORT"
        with pytest.raises(CannotListen, match=words):
            async with serve(settings, Metrics(), healthy=list, ready=list):
                pass


async def test_an_address_that_is_not_ours_is_named_with_its_setting() -> None:
    settings = Settings.from_env({}, http_host="192.0.2.1", http_port=0)
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:0: .*--http-host or MODELSERVICE_HTTP_HOST"):
        async with serve(settings, Metrics(), healthy=list, ready=list):
            pass


async def test_the_port_is_free_again_afterwards() -> None:
    async with serve(Settings.from_env({}, http_port=0), Metrics(), healthy=list, ready=list) as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        port = url.rpartition(":")[2]
    async with serve(Settings.from_env({}, http_port=port), Metrics(), healthy=list, ready=list) as again:
        assert again == url
