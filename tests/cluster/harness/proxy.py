"""A proxy in front of the API server that fails as a test tells it to: whole requests, bodies, streams, the network."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from weakref import WeakSet

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

T = TypeVar("T")
_HOP_BY_HOP: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class Answer:
    """What the proxy says instead of the API server."""

    status: int
    message: str = "made by the test"
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> web.Response:
        """As the API server would word it."""
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": self.message, "code": self.status}
        return web.json_response(body, status=self.status, headers=dict(self.headers))


@dataclass(frozen=True)
class Cut:
    """The connection breaks; with `late` only after the API server has done what was asked."""

    late: bool = False


@dataclass(frozen=True)
class Delay:
    """The request comes late; with `late` the answer does, and what was asked for is done."""

    seconds: float
    late: bool = False


@dataclass(frozen=True)
class Truncate:
    """Half of the body comes. `clean` looks like all of it; else the connection breaks."""

    clean: bool


Fault = Answer | Cut | Delay | Truncate
Rule = Callable[[web.Request], Fault | None]
Event = dict[str, Any]


def is_write(request: web.Request) -> bool:
    """It changes objects; renewals of the Lease apart."""
    return request.method != "GET" and "/leases" not in request.path


def is_watch(request: web.Request) -> bool:
    """It asks for a stream."""
    return "watch" in request.query


class Proxy:
    """Plain HTTP on a free port of loopback, in front of the API server of a kubeconfig."""

    def __init__(self, behind: Path) -> None:
        config = yaml.safe_load(behind.read_text("utf-8"))
        self._server: str = config["clusters"][0]["cluster"]["server"]
        self._config = config
        self.kubeconfig = behind.with_suffix(".proxied")
        self._rule: Rule = lambda _: None
        self._left: int | None = None
        self._lost: Callable[[Event], bool] = lambda _: False
        self._streams: dict[web.StreamResponse, tuple[web.Request, aiohttp.ClientResponse]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connected = asyncio.Event()
        self._connected.set()
        self._dead: WeakSet[asyncio.BaseTransport] = WeakSet()
        self.injected = 0
        """How many requests had a fault, or events were lost, in the latest context."""
        self.writes: list[str] = []
        """Method and path of every write that came, faulty or not."""

    def start(self) -> "Proxy":
        """Listen, and write the kubeconfig to use."""
        self._thread.start()
        port = self._call(self._listen())
        self._config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{port}"}
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(self._config))
        return self

    def stop(self) -> None:
        """Close everything."""
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def streams(self) -> int:
        """How many watches are open and alive."""
        return len(self._streams)

    @contextmanager
    def injecting(self, rule: Rule, times: int | None = None) -> Iterator[None]:
        """While the context lasts, requests get the fault that `rule` gives; at most `times` of them."""
        self._rule, self._left, self.injected = rule, times, 0
        try:
            yield
        finally:
            self._rule, self._left = lambda _: None, None

    @contextmanager
    def losing(self, lost: Callable[[Event], bool]) -> Iterator[None]:
        """While the context lasts, watch events for which `lost` says so are not passed on, without a word."""
        self._lost, self.injected = lost, 0
        try:
            yield
        finally:
            self._lost = lambda _: False

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """While the context lasts nothing passes, and nobody is told: connections stay open and are silent."""
        self._loop.call_soon_threadsafe(self._connected.clear)
        try:
            yield
        finally:
            self._call(self._reconnect())

    def forget_connections(self) -> None:
        """From now on nothing passes on the connections that are open, and nobody is told. New ones work.

        As with a router between that has started anew.
        """
        self._call(self._forget_connections())

    def cut_streams(self, last_words: bytes = b"") -> int:
        """Break the connection of every watch that is open, after `last_words`; returns how many."""
        return self._call(self._end_streams(last_words, clean=False))

    def end_streams(self, last_words: bytes = b"") -> int:
        """End every watch that is open in good order, after `last_words`; returns how many."""
        return self._call(self._end_streams(last_words, clean=True))

    def tell_streams(self, event: Event) -> int:
        """Send an event down every watch that is open; returns how many."""
        return self._call(self._tell_streams(json.dumps(event).encode() + b"\n"))

    def fail_streams(self, code: int, message: str = "made by the test") -> int:
        """Send an ERROR event down every watch that is open, as the API server does with 410; returns how many."""
        error = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
        return self.tell_streams({"type": "ERROR", "object": error})

    def _call(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> int:
        # The API server of a local cluster signs its own certificate; whom we talk to is known by the port.
        connector = aiohttp.TCPConnector(ssl=False, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False, read_bufsize=2**21)
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def _close(self) -> None:
        self._connected.set()
        await self._end_streams(b"", clean=False)
        await self._runner.cleanup()
        await self._session.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _reconnect(self) -> None:
        """What was under way is lost: nobody keeps a connection for that long."""
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()
        self._connected.set()

    async def _forget_connections(self) -> None:
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                self._dead.add(connection.transport)
        self._streams.clear()

    async def _passage(self, request: web.Request) -> None:
        """Return when something can pass on the connection of a request: never on one that is forgotten."""
        if request.transport in self._dead:
            await asyncio.Event().wait()  # until the operator gives it up, which cancels this
        await self._connected.wait()

    def _fault(self, request: web.Request) -> Fault | None:
        fault = self._rule(request) if self._left != 0 else None
        if fault is not None:
            self.injected += 1
            self._left = self._left - 1 if self._left is not None else None
        return fault

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        await self._passage(request)
        if is_write(request):
            self.writes.append(f"{request.method} {request.path}")
        fault = self._fault(request)
        if isinstance(fault, Answer):
            return fault.response()
        if fault == Cut(late=False):
            raise _abort(request)
        if isinstance(fault, Delay) and not fault.late:
            await asyncio.sleep(fault.seconds)
        headers = {key: value for key, value in request.headers.items() if key.lower() not in {"host", *_HOP_BY_HOP}}
        headers["Accept-Encoding"] = "identity"
        timeout = aiohttp.ClientTimeout(total=None)
        body = await request.read()
        url = URL(f"{self._server}{request.raw_path}", encoded=True)
        try:
            async with self._session.request(
                request.method, url, headers=headers, data=body or None, timeout=timeout
            ) as upstream:
                passed = {key: value for key, value in upstream.headers.items() if key.lower() not in _HOP_BY_HOP}
                response = web.StreamResponse(status=upstream.status, headers=passed)
                if is_watch(request):
                    await self._stream(request, upstream, response)
                else:
                    await self._answer(request, await upstream.read(), response, fault)
                return response
        except aiohttp.ClientError as error:
            raise _abort(request) from error

    async def _answer(
        self, request: web.Request, body: bytes, response: web.StreamResponse, fault: Fault | None
    ) -> None:
        if isinstance(fault, Delay) and fault.late:
            await asyncio.sleep(fault.seconds)
        await self._passage(request)
        if fault == Cut(late=True):
            raise _abort(request)
        half = body[: len(body) // 2] if isinstance(fault, Truncate) else body
        response.content_length = len(half) if fault == Truncate(clean=True) else len(body)
        await response.prepare(request)
        await response.write(half)
        if fault == Truncate(clean=False):
            raise _abort(request)
        await response.write_eof()

    async def _stream(
        self, request: web.Request, upstream: aiohttp.ClientResponse, response: web.StreamResponse
    ) -> None:
        await response.prepare(request)
        self._streams[response] = request, upstream
        try:
            async for line in upstream.content:
                await self._passage(request)
                if self._lost(json.loads(line)):
                    self.injected += 1
                else:
                    await response.write(line)
            await self._passage(request)
            await response.write_eof()
        except aiohttp.ClientError:
            if response in self._streams:
                raise
        finally:
            self._streams.pop(response, None)

    async def _tell_streams(self, line: bytes) -> int:
        streams = list(self._streams)
        for response in streams:
            with suppress(ConnectionError):  # the operator may just have gone
                await response.write(line)
        return len(streams)

    async def _end_streams(self, last_words: bytes, *, clean: bool) -> int:
        streams = dict(self._streams)
        for response, (request, upstream) in streams.items():
            with suppress(ConnectionError):  # the operator may just have gone
                if last_words:
                    await response.write(last_words)
                if clean:
                    self._streams.pop(response, None)
                    await response.write_eof()
            if clean:
                upstream.close()
            elif request.transport is not None:
                request.transport.abort()
        return len(streams)


def _abort(request: web.Request) -> ConnectionResetError:
    """Break the connection; the error ends the handler."""
    if request.transport is not None:
        request.transport.abort()
    return ConnectionResetError("by the proxy")
