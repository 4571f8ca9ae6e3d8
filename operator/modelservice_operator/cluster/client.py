"""The API client: plain dictionaries in and out.

The generated API classes of the `kubernetes` package cost four times the CPU per request and refuse answers that do not
match their models; its transport encodes bodies otherwise than `manifest`.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypedDict, Unpack

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from modelservice_operator import __version__
from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause, is_absence
from modelservice_operator.cluster.nesting import loads
from modelservice_operator.cluster.resources import BY_KIND, Resource
from modelservice_operator.manifest import Manifest, wire_json, wire_yaml
from modelservice_operator.plan import names

APPLY = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
PAGE_SIZE = 50
"""Objects per page of a list. Memory that parsing a page took is not given back: pages of 500 cost 13 MiB for good."""
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Seconds: longer than a write may wait for etcd or an admission webhook (10 s each)."""
WATCH_SECONDS = 300
"""After so long the API server ends a watch of ours: a connection that died without a word is noticed no later."""
_WATCH_TIMEOUT = aiohttp.ClientTimeout(sock_connect=10, sock_read=WATCH_SECONDS + 30)


class RequestObserver(Protocol):
    """Told of every request, for metrics."""

    def request(self, method: str, code: int, host: str) -> None:
        """A request ended; `code` is 0 when no answer came."""

    def wrote(self, kind: str, verb: str) -> None:
        """A write succeeded: `verb` is one of create, apply, patch, delete."""


class _NoObserver:
    def request(self, method: str, code: int, host: str) -> None: ...
    def wrote(self, kind: str, verb: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Part of the answer to a LIST: the objects and the resourceVersion at which they were read."""

    items: list[Manifest]
    resource_version: int


class _Content(TypedDict, total=False):
    """What a request has beside method and path; see `Client._answer`, which has the defaults."""

    query: Mapping[str, str] | None
    body: Manifest | None
    content_type: str
    accept: str | None


class Client:
    """Requests to one API server. Safe to use from many tasks at once; writes are never repeated by it."""

    def __init__(self, access: Access, observer: RequestObserver | None = None) -> None:
        self.access = access
        self._session = self.new_session()
        self.observer: RequestObserver = observer or _NoObserver()
        self.may_write: Callable[[str], bool] = lambda _: True
        """Asked before each write, with the namespace: a leader that was stopped for a while wakes up in the midst of
        its work, and a namespace may have been given to another operator meanwhile."""

    def unfenced(self) -> "Client":
        """The same connections for what may be written without asking: the Lease."""
        other = copy.copy(self)
        other.may_write = lambda _: True
        return other

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

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        """One request, its answer parsed.

        Raises:
            ApiError: the API server answered with an error.
            ApiUnreachable: no answer came.
        """
        _, answer = await self._send(method, path, query=query, body=body, content_type=content_type)
        return answer

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """The live object, or None where there is none."""
        try:
            return await self.request("GET", resource.path(namespace, name))
        except ApiError as error:
            if is_absence(error):
                return None
            raise

    async def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The answer to a GET as text, such as the log of a container; errors are as those of `request`."""
        _, data = await self._exchange("GET", path, query=query, accept="*/*")
        return data.decode(errors="replace")

    async def list_objects(
        self, resource: Resource, namespace: str | None = None, *, fields: str = "", metadata_only: bool = False
    ) -> AsyncIterator[Page]:
        """All objects of a kind (those that its selector selects), page by page, all as of the same resourceVersion.

        With `fields`, a field selector, only those that it selects as well.
        """
        query = {"limit": str(PAGE_SIZE)}
        if fields:
            query["fieldSelector"] = fields
        if resource.selector:
            query["labelSelector"] = resource.selector
        accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" if metadata_only else None
        while True:
            _, answer = await self._send("GET", resource.path(namespace), query=query, accept=accept)
            items = answer.get("items") or []
            for item in items:
                item["apiVersion"], item["kind"] = resource.api_version, resource.kind
            yield Page(items, int(answer["metadata"]["resourceVersion"]))
            query["continue"] = answer["metadata"].get("continue") or ""
            if not query["continue"]:
                return

    async def watch(self, resource: Resource, namespace: str | None = None, *, fields: str) -> AsyncIterator[Manifest]:
        """What happens to the objects that a field selector selects from now on, until the API server ends it.

        Each item has the `type` and the `object`. Errors are as those of `request`, and come within the stream too.
        """
        path = resource.path(namespace)
        newest = await self.request("GET", path, query={"limit": "1"})
        query = {
            "watch": "true",
            "fieldSelector": fields,
            "resourceVersion": newest["metadata"]["resourceVersion"],
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        async with self._answer("GET", path, query=query, patience=_WATCH_TIMEOUT) as response:
            if response.status >= 400:
                raise _error(response.status, await response.read(), None)
            try:
                async for line in response.content:
                    event = _parse(line)
                    if event is None or event.get("type") == "ERROR":
                        raise ApiUnreachable(f"GET {path}: the watch broke off")
                    yield event
            except (ValueError, HttpProcessingError) as error:
                # A line longer than twice `read_bufsize`: an Event may be larger than that in JSON.
                raise ApiUnreachable(f"GET {path}: {type(error).__name__}: {error}") from error

    async def create(self, manifest: Manifest) -> Manifest:
        """POST. An object of that name is an ApiError 409."""
        resource, namespace, _ = _address(manifest)
        query = {"fieldManager": names.FIELD_MANAGER}
        answer = await self.request("POST", resource.path(namespace), query=query, body=manifest)
        self.observer.wrote(resource.kind, "create")
        return answer

    async def apply(
        self, manifest: Manifest, *, force: bool, manager: str = names.FIELD_MANAGER
    ) -> tuple[Manifest, bool]:
        """Server-side apply of a whole intent; the answer and whether the object was created by it."""
        resource, namespace, name = _address(manifest)
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        status, answer = await self._send(
            "PATCH", resource.path(namespace, name), query=query, body=manifest, content_type=APPLY
        )
        self.observer.wrote(resource.kind, "apply")
        return answer, status == 201

    async def merge_patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Manifest,
        *,
        subresource: str | None = None,
        manager: str = names.FIELD_MANAGER,
    ) -> Manifest:
        """JSON merge patch; `metadata.resourceVersion` in it makes it fail with 409 when the object has moved on."""
        answer = await self.request(
            "PATCH",
            resource.path(namespace, name, subresource),
            query={"fieldManager": manager},
            body=patch,
            content_type=MERGE_PATCH,
        )
        self.observer.wrote(resource.kind, "patch")
        return answer

    async def delete(self, resource: Resource, namespace: str, name: str, uid: str) -> None:
        """Delete just that object; gone already, or another one of that name, is fine."""
        options: Manifest = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self.request("DELETE", resource.path(namespace, name), body=options)
        except ApiError as error:
            if error.status not in {404, 409}:
                raise
        else:
            self.observer.wrote(resource.kind, "delete")

    async def _send(self, method: str, path: str, **content: Unpack[_Content]) -> tuple[int, Manifest]:
        """One request; the code of its answer, and the answer parsed."""
        status, data = await self._exchange(method, path, **content)
        answer = _parse(data)
        if answer is None:
            raise ApiUnreachable(f"{method} {path}: the answer is no JSON object, or only part of one")
        return status, answer

    async def _exchange(self, method: str, path: str, **content: Unpack[_Content]) -> tuple[int, bytes]:
        if method != "GET" and not self.may_write(_namespace(path)):
            raise ApiUnreachable(f"{method} {path}: not sent, as this process no longer leads there")
        async with self._answer(method, path, **content) as response:
            data = await response.read()
        if response.status >= 400:
            raise _error(response.status, data, response.headers.get("Retry-After"))
        return response.status, data

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
        patience: aiohttp.ClientTimeout = REQUEST_TIMEOUT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer, to be read within the context: what goes wrong there counts as no answer."""
        written = wire_yaml if content_type == APPLY else wire_json
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
                timeout=patience,
                server_hostname=self.access.server_name,
            ) as response:
                yield response
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiUnreachable(f"{method} {path}: {type(error).__name__}: {error}") from error
        except asyncio.CancelledError as error:
            # kopf, when it ends, cancels tasks that it does not know, such as one that opens a connection for us.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise ApiUnreachable(f"{method} {path}: the connection was given up") from error
        finally:
            self.observer.request(method, status, self.access.host)


class _Response(aiohttp.ClientResponse):
    """Read by kopf when it lists."""

    async def json(self, **_: object) -> object:
        return loads(await self.read())


def _address(manifest: Manifest) -> tuple[Resource, str, str]:
    metadata = manifest["metadata"]
    return BY_KIND[manifest["kind"]], metadata["namespace"], metadata["name"]


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
