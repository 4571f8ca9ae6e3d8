"""HTTP to the API server: who asks, for how long, and what its errors mean. Plain dictionaries in and out.

The generated API classes of the `kubernetes` package cost four times the CPU per request and refuse answers that do not
match their models; its transport encodes bodies otherwise than `manifest`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol, TypedDict, Unpack

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from modelservice_operator import __version__
from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause
from modelservice_operator.cluster.nesting import loads
from modelservice_operator.manifest import Manifest, wire_json, wire_yaml

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Seconds: longer than a write may wait for etcd or an admission webhook (10 s each)."""
STREAM_GRACE = 30
"""Seconds for which an answer that goes on may be silent beyond the time that it was asked for."""


class RequestObserver(Protocol):
    """Told of every request, for metrics."""

    def request(self, method: str, code: int, host: str) -> None:
        """A request ended; `code` is 0 when no answer came."""

    def wrote(self, kind: str, verb: str) -> None:
        """A write succeeded: `verb` is one of create, apply, patch, delete."""


class _NoObserver:
    def request(self, method: str, code: int, host: str) -> None: ...
    def wrote(self, kind: str, verb: str) -> None: ...


class Content(TypedDict, total=False):
    """What a request has beside method and path; see `Transport._answer`, which has the defaults."""

    query: Mapping[str, str] | None
    body: Manifest | None
    content_type: str
    accept: str | None


class Transport:
    """Requests to one API server. Safe to use from many tasks at once; writes are never repeated by it."""

    def __init__(self, access: Access, observer: RequestObserver | None = None) -> None:
        self.access = access
        self._session = self.new_session()
        self.observer: RequestObserver = observer or _NoObserver()
        self.may_write: Callable[[str], bool] = lambda _: True
        """Asked before each write, with the namespace: a leader that was stopped for a while wakes up in the midst of
        its work, and a namespace may have been given to another operator meanwhile."""

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def bearer_token(self) -> str | None:
        """Value of the Authorization header as of now: service account tokens rotate. None with client certificates."""
        try:
            return await self.access.authorization()
        except Exception as error:  # an exec plugin or a token file may fail in any way
            raise ApiUnreachable(f"no credentials at the moment: {type(error).__name__}: {error}") from error

    def new_session(self, *middlewares: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
        """A session with the TLS settings of the cluster and connections of its own; the caller closes it."""
        connector = aiohttp.TCPConnector(ssl=self.access.tls or True, limit=0)
        return aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            proxy=self.access.proxy,
            middlewares=middlewares,
            response_class=_Response,
            headers={"User-Agent": f"modelservice-operator/{__version__}"},
            read_bufsize=2**21,
        )

    async def send(self, method: str, path: str, **content: Unpack[Content]) -> tuple[int, Manifest]:
        """One request; the code of its answer, and the answer parsed. Every write passes here.

        Raises:
            ApiError: the API server answered with an error.
            ApiUnreachable: no answer came.
        """
        if method != "GET" and not self.may_write(_namespace(path)):
            raise ApiUnreachable(f"{method} {path}: not sent, as this process no longer leads there")
        async with self._answer(method, path, **content) as response:
            data = await response.read()
        return response.status, _object(data, f"{method} {path}")

    async def request(self, method: str, path: str, **content: Unpack[Content]) -> Manifest:
        """One request, its answer parsed; errors are as those of `send`."""
        _, answer = await self.send(method, path, **content)
        return answer

    async def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The answer to a GET as text, such as the log of a container; errors are as those of `send`."""
        async with self._answer("GET", path, query=query, accept="*/*") as response:
            data = await response.read()
        return data.decode(errors="replace")

    async def stream(self, path: str, query: Mapping[str, str], seconds: float) -> AsyncGenerator[Manifest, None]:
        """The answer to a GET that goes on for so many seconds, line by line, each of them a JSON object.

        Errors are as those of `send`, and come within the stream too.
        """
        patience = aiohttp.ClientTimeout(sock_connect=10, sock_read=seconds + STREAM_GRACE)
        async with self._answer("GET", path, query=query, patience=patience) as response:
            try:
                async for line in response.content:
                    yield _object(line, f"GET {path}")
            except (ValueError, HttpProcessingError) as error:
                # A line longer than twice `read_bufsize`: an Event may be larger than that in JSON.
                raise ApiUnreachable(f"GET {path}: {type(error).__name__}: {error}") from error

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
        accept: str | None = None,
        patience: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is no error, to be read within the context: what goes wrong there counts as no answer."""
        written = wire_yaml if content_type.endswith("yaml") else wire_json
        headers = {"Accept": accept or "application/json", "Content-Type": content_type}
        url = URL(f"{self.access.host}{path}").with_query(query)
        status = 0
        try:
            token = await self.bearer_token()
            if token is not None:
                headers["Authorization"] = token
            async with self._session.request(
                method,
                url,
                headers=headers,
                data=None if body is None else written(body),
                timeout=patience or REQUEST_TIMEOUT,
                server_hostname=self.access.server_name,
            ) as response:
                if response.status >= 400:
                    data = await response.read()
                    status = response.status
                    raise _error(status, data, response.headers.get("Retry-After"))
                yield response
                status = response.status
        except ApiUnreachable:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiUnreachable(f"{method} {path}: {type(error).__name__}: {error}") from error
        finally:
            self.observer.request(method, status, self.access.host)


class _Response(aiohttp.ClientResponse):
    """Read by kopf when it lists."""

    async def json(self, **_: object) -> object:
        return loads(await self.read())


def _namespace(path: str) -> str:
    """The namespace in the URL path of an object or a collection; empty outside of namespaces."""
    return path.partition("/namespaces/")[2].partition("/")[0]


def _parse(data: bytes) -> Manifest | None:
    """The JSON object that an answer is; None where it is none."""
    try:
        answer = loads(data)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _object(data: bytes, request: str) -> Manifest:
    answer = _parse(data)
    if answer is None:
        raise ApiUnreachable(f"{request}: the answer is no JSON object, or only part of one")
    return answer


def _error(status: int, data: bytes, retry_after: str | None) -> ApiError:
    answer = _parse(data) or {}
    details = answer.get("details") or {}
    causes = tuple(
        Cause(cause.get("reason", ""), cause.get("field", ""), cause.get("message", ""))
        for cause in details.get("causes") or ()
    )
    seconds = details.get("retryAfterSeconds") or (retry_after if retry_after and retry_after.isdigit() else None)
    return ApiError(
        status,
        answer.get("reason") or "",
        answer.get("message") or data[:500].decode(errors="replace").strip(),
        causes=causes,
        name=details.get("name") or "",
        retry_after=float(seconds) if seconds else None,
    )
