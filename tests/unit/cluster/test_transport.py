"""What every request has in common, against an HTTP server on loopback."""

import asyncio
from typing import Final

import pytest
from aiohttp import web

from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable, Cause
from modelservice_operator.cluster.resources import DEPLOYMENT, NODE
from modelservice_operator.manifest import Manifest
from unit.cluster.test_client import CHAT, DEPLOYMENTS, Answer, Observer, served, status

EVENTS: Final = "/api/v1/events"


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


async def test_who_does_not_lead_writes_nothing() -> None:
    async with served(web.json_response(CHAT)) as (client, asked, observer):
        client.may_write = lambda _: False
        for write in (client.create(CHAT), client.apply(CHAT, force=True), client.request("POST", "/api/v1/events")):
            with pytest.raises(ApiUnreachable, match="no longer leads"):
                await write
        await client.get(DEPLOYMENT, "ml", "chat")
    assert [request.method for request in asked.asked] == ["GET"]
    assert observer.requests == [("GET", 200)]


async def test_who_has_to_leave_a_namespace_writes_nothing_there() -> None:
    async with served(web.json_response(CHAT)) as (client, asked, _):
        client.may_write = lambda namespace: namespace != "ml"
        with pytest.raises(ApiUnreachable, match="no longer leads there"):
            await client.create(CHAT)
        await client.create({**CHAT, "metadata": {**CHAT["metadata"], "namespace": "other"}})
    assert [request.path for request in asked.asked] == ["/apis/apps/v1/namespaces/other/deployments"]


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


async def test_a_stream_that_is_refused_is_an_error_like_any_other() -> None:
    async with served(web.Response(status=429, headers={"Retry-After": "7"})) as (client, _, observer):
        with pytest.raises(ApiError) as caught:
            await anext(client.stream(EVENTS, {}, 1))
    assert (caught.value.status, caught.value.retry_after) == (429, 7.0)
    assert observer.requests == [("GET", 429)]


async def test_a_stream_ends_where_a_line_is_none() -> None:
    async with served(web.Response(text='{"a":1}\n{"a":')) as (client, _, observer):
        lines = client.stream(EVENTS, {}, 1)
        assert await anext(lines) == {"a": 1}
        with pytest.raises(ApiUnreachable, match=r"^GET /api/v1/events: the answer is no JSON object"):
            await anext(lines)
    assert observer.requests == [("GET", 0)]


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


async def test_objects_larger_than_the_read_buffer() -> None:
    large = {"metadata": {"name": "large"}, "data": {"text": "x" * (3 * 2**20)}}
    async with served(web.json_response(large)) as (client, _, _):
        assert await client.get(NODE, "", "large") == large


async def test_a_log_is_text() -> None:
    async with served(web.Response(body=b"one\n\xfftwo\n", content_type="text/plain")) as (client, api, _):
        assert await client.text("/api/v1/namespaces/ml/pods/chat/log", {"container": "c"}) == "one\n\ufffdtwo\n"
        assert (api.asked[0].query, api.asked[0].headers["Accept"]) == ({"container": "c"}, "*/*")
