"""The client, against an HTTP server on loopback."""

import asyncio
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
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause, InvalidName
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


async def test_the_token_is_asked_for_anew_each_time() -> None:
    """Those of service accounts rotate."""
    tokens = iter(["Bearer first", "Bearer second"])

    async def authorization() -> str:
        return next(tokens)

    async with served(authorization=authorization) as (client, api, _):
        await client.get(NODE, "", "gpu-1")
        await client.get(NODE, "", "gpu-1")
    assert [asked.headers["Authorization"] for asked in api.asked] == ["Bearer first", "Bearer second"]


async def test_credentials_that_cannot_be_had_are_no_answer() -> None:
    async def fail() -> str:
        raise FileNotFoundError("token")

    async with served(authorization=fail) as (client, api, observer):
        with pytest.raises(ApiUnreachable, match="no credentials at the moment: FileNotFoundError: token"):
            await client.get(NODE, "", "gpu-1")
    assert api.asked == []
    assert observer.requests == [("GET", 0)]


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


async def test_bodies_are_what_go_would_write() -> None:
    body: Manifest = {**CHAT, "b": "<ü & ö>\u2028", "a": 1.5}
    async with served() as (client, api, _):
        await client.create(body)
    (asked,) = api.asked
    assert asked.body.startswith('{"a":1.5,"apiVersion":"apps/v1","b":"\\u003cü \\u0026 ö\\u003e\\u2028",')


async def test_what_is_applied_is_read_as_yaml() -> None:
    async with served() as (client, api, _):
        await client.apply({**CHAT, "b": "\x85\x7f"}, force=False)
    (asked,) = api.asked
    assert '"b":"\\u0085\\u007f"' in asked.body


async def test_who_does_not_lead_writes_nothing_but_the_lease() -> None:
    async with served(web.json_response(CHAT), web.json_response(CHAT)) as (client, asked, observer):
        client.may_write = lambda _: False
        for write in (client.create(CHAT), client.apply(CHAT, force=True), client.request("POST", "/api/v1/events")):
            with pytest.raises(ApiUnreachable, match="no longer leads"):
                await write
        await client.get(DEPLOYMENT, "ml", "chat")
        await client.unfenced().request("PUT", "/leases", body={})
    assert [request.method for request in asked.asked] == ["GET", "PUT"]
    assert observer.requests == [("GET", 200), ("PUT", 200)]


async def test_who_has_to_leave_a_namespace_writes_nothing_there() -> None:
    async with served(web.json_response(CHAT)) as (client, asked, _):
        client.may_write = lambda namespace: namespace != "ml"
        with pytest.raises(ApiUnreachable, match="no longer leads there"):
            await client.create(CHAT)
        await client.create({**CHAT, "metadata": {**CHAT["metadata"], "namespace": "other"}})
    assert [request.path for request in asked.asked] == ["/apis/apps/v1/namespaces/other/deployments"]


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


# Errors.


async def failure(answer: Answer) -> ApiError:
    async with served(answer) as (client, _, observer):
        with pytest.raises(ApiError) as caught:
            await client.apply(CHAT, force=False)
    assert observer.requests == [("PATCH", caught.value.status)]
    assert observer.written == []
    return caught.value


async def test_an_error_keeps_what_the_api_server_says() -> None:
    causes = [{"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": "conflict"}, {}]
    error = await failure(status(409, "Conflict", "Apply failed", causes=causes))
    assert (error.status, error.reason, error.message) == (409, "Conflict", "Apply failed")
    assert error.causes == (Cause("FieldManagerConflict", ".spec.replicas", "conflict"), Cause("", "", ""))
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (web.Response(status=502, text="<html>Bad Gateway</html>"), "<html>Bad Gateway</html>"),
        (web.Response(status=502, text=""), ""),
        (web.Response(status=502, body=b"\xff\xfe"), "\ufffd\ufffd"),
        (web.Response(status=502, text="[1, 2]"), "[1, 2]"),
        (web.Response(status=502, text="x" * 2000), "x" * 500),
        (web.json_response({"details": None, "reason": None}, status=502), '{"details": null, "reason": null}'),
    ],
    ids=["HTML", "empty", "no text", "no object", "long", "nulls"],
)
async def test_an_error_that_is_no_status_keeps_its_text(answer: web.Response, message: str) -> None:
    error = await failure(answer)
    assert (error.status, error.reason, error.message) == (502, "", message)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (web.Response(status=429, headers={"Retry-After": "7"}), 7.0),
        (web.Response(status=429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), None),
        (status(429, "TooManyRequests", retryAfterSeconds=3), 3.0),
        (status(503), None),
    ],
    ids=["header", "a date", "in the body", "none"],
)
async def test_when_to_come_again(answer: web.Response, seconds: float | None) -> None:
    assert (await failure(answer)).retry_after == seconds


async def test_an_answer_of_any_depth_is_read_by_us_and_by_kopf() -> None:
    text = '{"a":' * 5000 + "1" + "}" * 5000
    async with served(web.Response(text=text), web.Response(text=text)) as (client, _, _):
        assert "a" in await client.request("GET", "/deep")
        async with client.new_session() as session, session.get(f"{client.access.host}/deep") as response:
            assert "a" in await response.json()


# No answer.


@pytest.mark.parametrize("text", ["ok", "[]", '{"kind":"Deplo', ""])
async def test_a_success_that_is_no_object_is_no_answer(text: str) -> None:
    """Half of one looks like that when a middlebox cuts it off."""
    async with served(web.Response(text=text)) as (client, _, _):
        with pytest.raises(ApiUnreachable, match="no JSON object"):
            await client.request("GET", "/apis/apps/v1")


async def test_nobody_listens() -> None:
    async with served() as (client, _, _):
        host = client.access.host
    observer = Observer()
    away = Client(Access(host), observer)
    with pytest.raises(ApiUnreachable, match=f"^GET {DEPLOYMENTS}/chat: ClientConnectorError"):
        await away.get(DEPLOYMENT, "ml", "chat")
    await away.close()
    assert observer.requests == [("GET", 0)]


async def cut(request: web.Request) -> web.StreamResponse:
    """Half of an answer, and the connection breaks."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"kind":')
    assert request.transport is not None
    request.transport.close()
    return response


async def test_a_broken_connection_is_no_answer_and_the_next_request_goes_through() -> None:
    async with served(cut, web.json_response(CHAT)) as (client, _, observer):
        with pytest.raises(ApiUnreachable):
            await client.get(DEPLOYMENT, "ml", "chat")
        assert await client.get(DEPLOYMENT, "ml", "chat") == CHAT
    assert [code for _, code in observer.requests] == [0, 200]


async def test_cancelling_a_request_cancels_the_task() -> None:
    arrived = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(3600)
        raise AssertionError

    async with served(hang) as (client, _, _):
        task = asyncio.create_task(client.get(DEPLOYMENT, "ml", "chat"))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancellation_that_was_meant_for_another_task_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """kopf, when it ends, cancels tasks that it does not know, such as one that aiohttp started for a connection."""

    async def cancelled() -> str:
        raise asyncio.CancelledError

    async with served() as (client, _, _):
        monkeypatch.setattr(client, "bearer_token", cancelled)
        with pytest.raises(ApiUnreachable, match="the connection was given up"):
            await client.get(DEPLOYMENT, "ml", "chat")


async def test_objects_larger_than_the_read_buffer() -> None:
    large = {"metadata": {"name": "large"}, "data": {"text": "x" * (3 * 2**20)}}
    async with served(web.json_response(large)) as (client, _, _):
        assert await client.get(NODE, "", "large") == large


async def test_a_log_is_text() -> None:
    async with served(web.Response(body=b"one\n\xfftwo\n", content_type="text/plain")) as (client, api, _):
        assert await client.text("/api/v1/namespaces/ml/pods/chat/log", {"container": "c"}) == "one\n\ufffdtwo\n"
        assert (api.asked[0].query, api.asked[0].headers["Accept"]) == ({"container": "c"}, "*/*")


async def test_a_list_can_be_narrowed_by_fields() -> None:
    page = {"items": [], "metadata": {"resourceVersion": "1"}}
    async with served(web.json_response(page)) as (client, api, _):
        assert [each.items async for each in client.list_objects(NODE, fields="metadata.name=a")] == [[]]
        assert api.asked[0].query["fieldSelector"] == "metadata.name=a"
