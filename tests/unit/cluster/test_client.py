"""The client, against an HTTP server on loopback."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from modelservice_operator import __version__
from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.client import PAGE_SIZE, Client
from modelservice_operator.cluster.errors import ApiError, InvalidName
from modelservice_operator.cluster.resources import DEPLOYMENT, MODEL_SERVICE, NODE, SERVICE
from modelservice_operator.manifest import Manifest

DEPLOYMENTS: Final = "/apis/apps/v1/namespaces/ml/deployments"
CHAT: Final[Manifest] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "ml", "name": "chat"}}

Answer = web.StreamResponse | Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass
class Api:
    """What arrives, and what is answered: the answers in turn, then an empty object for ever."""

    asked: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        headers = dict(request.headers)
        self.asked.append(
            Asked(request.method, request.path, dict(request.query), headers, (await request.read()).decode())
        )
        answer = self.answers.pop(0) if self.answers else web.json_response({})
        return answer if isinstance(answer, web.StreamResponse) else await answer(request)


@dataclass
class Observer:
    requests: list[tuple[str, int]] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)

    def request(self, method: str, code: int, host: str) -> None:
        assert host.startswith("http://127.0.0.1:")
        self.requests.append((method, code))

    def wrote(self, kind: str, verb: str) -> None:
        self.written.append((kind, verb))


async def anonymous() -> None:
    return None


@asynccontextmanager
async def served(
    *answers: Answer, authorization: Callable[[], Awaitable[str | None]] = anonymous
) -> AsyncIterator[tuple[Client, Api, Observer]]:
    api, observer = Api(answers=list(answers)), Observer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.serve)
    async with TestServer(app, host="127.0.0.1") as server:
        client = Client(Access(f"http://127.0.0.1:{server.port}", authorization=authorization), observer)
        try:
            yield client, api, observer
        finally:
            await client.close()


def status(code: int, reason: str = "", message: str = "", **details: Any) -> web.Response:
    """An error as the API server gives it."""
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
    return web.json_response({**body, "code": code}, status=code)


async def test_get() -> None:
    async with served(web.json_response(CHAT)) as (client, api, observer):
        assert await client.get(DEPLOYMENT, "ml", "chat") == CHAT
    (asked,) = api.asked
    assert (asked.method, asked.path, asked.query) == ("GET", f"{DEPLOYMENTS}/chat", {})
    assert asked.headers["User-Agent"] == f"modelservice-operator/{__version__}"
    assert "Authorization" not in asked.headers
    assert observer.requests == [("GET", 200)]
    assert observer.written == []


async def test_get_of_what_is_not_there() -> None:
    """A 404 that names no object is about the path: the API server does not serve the kind."""
    absent, unserved = status(404, "NotFound", name="chat"), status(404, "NotFound")
    async with served(absent, unserved, status(403, "Forbidden")) as (client, _, _):
        assert await client.get(DEPLOYMENT, "ml", "chat") is None
        with pytest.raises(ApiError, match="404 NotFound"):
            await client.get(DEPLOYMENT, "ml", "chat")
        with pytest.raises(ApiError, match="403 Forbidden"):
            await client.get(DEPLOYMENT, "ml", "chat")


@pytest.mark.parametrize(
    "part", ["../../../api/v1/namespaces/kube-system", "..", ".", "a/b", "a?b", "a#b", "a%2Fb", "a b", "a\n"]
)
async def test_a_name_that_leads_elsewhere_is_not_sent(part: str) -> None:
    async with served() as (client, api, _):
        for namespace, name in ((part, "chat"), ("ml", part)):
            with pytest.raises(InvalidName, match="is no name of an object or namespace"):
                await client.get(DEPLOYMENT, namespace, name)
    assert api.asked == []


@pytest.mark.parametrize("name", ["chat", "chat.v2", "a..b", "system:node", "Odd_One-1"])
def test_every_name_that_the_api_server_knows_has_a_path(name: str) -> None:
    assert DEPLOYMENT.path("ml", name) == f"{DEPLOYMENTS}/{name}"


async def test_list_page_by_page() -> None:
    pages = (
        {"metadata": {"resourceVersion": "70", "continue": "abc"}, "items": [{"metadata": {"name": "a"}}]},
        {"metadata": {"resourceVersion": "70"}, "items": None},
    )
    async with served(*map(web.json_response, pages)) as (client, api, _):
        found = [page async for page in client.list_objects(SERVICE, "ml")]
    assert [(page.items, page.resource_version) for page in found] == [
        ([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}], 70),
        ([], 70),
    ]
    assert {asked.path for asked in api.asked} == {"/api/v1/namespaces/ml/services"}
    assert [asked.query.get("continue") for asked in api.asked] == [None, "abc"]
    assert {asked.query["labelSelector"] for asked in api.asked} == {
        "app.kubernetes.io/managed-by=modelservice-operator"
    }
    assert {asked.query["limit"] for asked in api.asked} == {str(PAGE_SIZE)}


async def test_list_of_metadata_everywhere() -> None:
    page = web.json_response({"metadata": {"resourceVersion": "70"}, "items": []})
    async with served(page) as (client, api, _):
        assert [page.items async for page in client.list_objects(MODEL_SERVICE, metadata_only=True)] == [[]]
    (asked,) = api.asked
    assert asked.path == "/apis/modelservice.dev/v1alpha1/modelservices"
    assert asked.headers["Accept"] == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    assert "labelSelector" not in asked.query


async def test_create() -> None:
    async with served(web.json_response(CHAT, status=201)) as (client, api, observer):
        assert await client.create(CHAT) == CHAT
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", DEPLOYMENTS)
    assert asked.query == {"fieldManager": "modelservice-operator"}
    assert asked.headers["Content-Type"] == "application/json"
    assert json.loads(asked.body) == CHAT
    assert observer.written == [("Deployment", "create")]


@pytest.mark.parametrize(("code", "created"), [(201, True), (200, False)])
@pytest.mark.parametrize("force", [True, False])
async def test_apply(code: int, created: bool, force: bool) -> None:
    async with served(web.json_response(CHAT, status=code)) as (client, api, observer):
        assert await client.apply(CHAT, force=force) == (CHAT, created)
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("PATCH", f"{DEPLOYMENTS}/chat")
    assert asked.query == {"fieldManager": "modelservice-operator", "force": str(force).lower()}
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert observer.written == [("Deployment", "apply")]


async def test_merge_patch_of_a_status() -> None:
    patch = {"metadata": {"resourceVersion": "7"}, "status": {"ready": "1/1"}}
    async with served() as (client, api, observer):
        await client.merge_patch(MODEL_SERVICE, "ml", "chat", patch, subresource="status")
    (asked,) = api.asked
    assert asked.path == "/apis/modelservice.dev/v1alpha1/namespaces/ml/modelservices/chat/status"
    assert asked.headers["Content-Type"] == "application/merge-patch+json"
    assert json.loads(asked.body) == patch
    assert observer.written == [("ModelService", "patch")]


async def test_delete_is_meant_for_one_object() -> None:
    async with served(web.json_response({}), status(404), status(409), status(500)) as (client, api, observer):
        for _ in range(3):
            await client.delete(SERVICE, "ml", "chat", "uid-1")
        with pytest.raises(ApiError, match="500"):
            await client.delete(SERVICE, "ml", "chat", "uid-1")
    assert {asked.method for asked in api.asked} == {"DELETE"}
    assert json.loads(api.asked[0].body) == {
        "preconditions": {"uid": "uid-1"},
        "propagationPolicy": "Background",
    }
    assert observer.written == [("Service", "delete")], "gone already is not deleted by us"


async def test_a_list_can_be_narrowed_by_fields() -> None:
    page = {"items": [], "metadata": {"resourceVersion": "1"}}
    async with served(web.json_response(page)) as (client, api, _):
        assert [each.items async for each in client.list_objects(NODE, fields="metadata.name=a")] == [[]]
        assert api.asked[0].query["fieldSelector"] == "metadata.name=a"
