"""Many requests at once to the API server, as its administrator."""

import asyncio
import base64
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import aiohttp
import yaml

from localcluster import LocalCluster
from modelservice_operator.cluster.resources import BY_KIND

T = TypeVar("T")

APPLY: Final = "application/apply-patch+yaml"
MERGE_PATCH: Final = "application/merge-patch+json"


class Connection:
    """Open connections, for the length of one `Load.each`."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server

    async def apply(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Server-side apply; the answer."""
        return await self._patch(path_of(manifest), json.dumps(manifest), APPLY, "?fieldManager=bench&force=true")

    async def apply_text(self, path: str, text: str) -> dict[str, Any]:
        """Server-side apply of JSON that is text already."""
        return await self._patch(path, text, APPLY, "?fieldManager=bench&force=true")

    async def merge(self, path: str, patch: dict[str, Any]) -> dict[str, Any]:
        """JSON merge patch; the answer."""
        return await self._patch(path, json.dumps(patch), MERGE_PATCH, "")

    async def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """POST; the answer."""
        path = path_of(manifest).rpartition("/")[0]
        return await self._send("POST", path, json.dumps(manifest), "application/json")

    async def _patch(self, path: str, body: str, kind: str, query: str) -> dict[str, Any]:
        return await self._send("PATCH", f"{path}{query}", body, kind)

    async def _send(self, method: str, path: str, body: str, kind: str) -> dict[str, Any]:
        url = f"{self._server}{path}"
        async with self._session.request(method, url, data=body, headers={"Content-Type": kind}) as response:
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise AssertionError(f"{method} {path}: {answer.get('message')}")
            return answer


class Load:
    """Does something for each of many items, so many at a time."""

    def __init__(self, cluster: LocalCluster) -> None:
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._server: str = server["server"]
        self._trusted = base64.b64decode(server["certificate-authority-data"]).decode()
        self._headers = {"Authorization": f"Bearer {user['token']}"}

    def each(
        self, items: Iterable[T], work: Callable[[Connection, T], Awaitable[object]], concurrency: int = 16
    ) -> None:
        """Call `work` for each item."""
        asyncio.run(self._each(iter(items), work, concurrency))

    def apply(self, manifests: Iterable[dict[str, Any]], concurrency: int = 16) -> None:
        """Apply each."""
        self.each(manifests, Connection.apply, concurrency)

    async def _each(
        self, items: Iterable[T], work: Callable[[Connection, T], Awaitable[object]], concurrency: int
    ) -> None:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=self._trusted), limit=0)
        async with (
            aiohttp.ClientSession(connector=connector, headers=self._headers) as session,
            asyncio.TaskGroup() as group,
        ):
            connection = Connection(session, self._server)
            for _ in range(concurrency):
                group.create_task(_work_off(connection, items, work))


async def _work_off(
    connection: Connection, items: Iterable[T], work: Callable[[Connection, T], Awaitable[object]]
) -> None:
    for item in items:
        await work(connection, item)


def path_of(manifest: dict[str, Any], subresource: str | None = None) -> str:
    """The path of an object."""
    metadata = manifest["metadata"]
    return BY_KIND[manifest["kind"]].path(metadata.get("namespace"), metadata["name"], subresource)
