"""A proxy in front of the API server that can fail on purpose: refuse, cut streams, answer what a test asks it to."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

T = TypeVar("T")
_HOP_BY_HOP: Final = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class Answer:
    """What the proxy says instead of the API server."""

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> web.Response:
        """As the API server would word it."""
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": self.message, "code": self.status}
        return web.json_response(body, status=self.status, headers=dict(self.headers))


Rule = Callable[[web.Request], Answer | None]


class Proxy:
    """Plain HTTP on a free port of loopback, in front of the API server of a kubeconfig."""

    def __init__(self, behind: Path) -> None:
        config = yaml.safe_load(behind.read_text("utf-8"))
        self._server: str = config["clusters"][0]["cluster"]["server"]
        self._config = config
        self._rule: Rule = lambda _: None
        self._streams: dict[web.StreamResponse, web.Request] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.refused = 0
        """How many requests the rule answered."""

    def start(self, directory: Path) -> Path:
        """Listen; returns the kubeconfig to use."""
        self._thread.start()
        port = self._call(self._listen())
        self._config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{port}"}
        path = directory / "proxied.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(self._config))
        return path

    def stop(self) -> None:
        """Close everything."""
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def answering(self, rule: Rule) -> Iterator[None]:
        """While the context lasts, requests for which `rule` gives an answer get that."""
        self._rule = rule
        try:
            yield
        finally:
            self._rule = lambda _: None

    def cut_streams(self) -> int:
        """End every watch that is open, in the middle; returns how many."""
        return self._call(self._end_streams(None))

    def fail_streams(self, code: int, message: str) -> int:
        """Send an ERROR event down every watch that is open, as the API server does with 410; returns how many."""
        error = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
        return self._call(self._end_streams(json.dumps({"type": "ERROR", "object": error}).encode() + b"\n"))

    def _call(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> int:
        # The API server of a local cluster signs its own certificate; whom we talk to is known by the port.
        connector = aiohttp.TCPConnector(ssl=False, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def _close(self) -> None:
        await self._end_streams(None)
        await self._runner.cleanup()
        await self._session.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        answer = self._rule(request)
        if answer is not None:
            self.refused += 1
            return answer.response()
        headers = {key: value for key, value in request.headers.items() if key.lower() not in {"host", *_HOP_BY_HOP}}
        url = f"{self._server}{request.raw_path}"
        timeout = aiohttp.ClientTimeout(total=None)
        body = await request.read()
        try:
            async with self._session.request(
                request.method, URL(url, encoded=True), headers=headers, data=body or None, timeout=timeout
            ) as upstream:
                return await self._copy(request, upstream)
        except aiohttp.ClientError as error:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError(str(error)) from error

    async def _copy(self, request: web.Request, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
        headers = {key: value for key, value in upstream.headers.items() if key.lower() not in _HOP_BY_HOP}
        response = web.StreamResponse(status=upstream.status, headers=headers)
        await response.prepare(request)
        watching = "watch" in request.query
        if watching:
            self._streams[response] = request
        try:
            async for chunk in upstream.content.iter_any():
                await response.write(chunk)
        finally:
            self._streams.pop(response, None)
        await response.write_eof()
        return response

    async def _end_streams(self, last_words: bytes | None) -> int:
        streams = dict(self._streams)
        for response, request in streams.items():
            if last_words is not None:
                await response.write(last_words)
            elif request.transport is not None:
                request.transport.abort()
        return len(streams)
