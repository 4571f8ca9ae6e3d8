"""The stream of Warning Events, against an HTTP server on loopback."""

import asyncio
import logging
from collections.abc import Collection
from typing import Final

import pytest
from aiohttp import web

from modelservice_operator.cluster import pod_warnings
from modelservice_operator.cluster.client import WATCH_SECONDS
from modelservice_operator.cluster.pod_warnings import PodWarnings
from modelservice_operator.manifest import Manifest
from unit.cluster.test_client import Answer, Asked, served, status

EVENTS: Final = "/api/v1/events"


@pytest.fixture(autouse=True)
def without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AGAIN", "WHEN_BUSY", "WHEN_FORBIDDEN"):
        monkeypatch.setattr(pod_warnings, name, 0.0)


def listed(version: str) -> web.Response:
    return web.json_response({"metadata": {"resourceVersion": version}, "items": []})


def warning(uid: str) -> Manifest:
    return {
        "metadata": {"namespace": "ml"},
        "involvedObject": {"kind": "Pod", "uid": uid},
        "type": "Warning",
        "reason": "FailedMount",
        "message": "no",
    }


def stream(*changes: tuple[str, Manifest]) -> web.Response:
    lines = (web.json_response({"type": kind, "object": about}).text or "" for kind, about in changes)
    return web.Response(text="".join(f"{line}\n" for line in lines))


def busy() -> web.Response:
    return status(503, "ServiceUnavailable", "etcd")


def half(text: str = "") -> web.Response:
    """Such as of a connection that breaks."""
    return web.Response(text=f'{text}{{"type":')


async def told_by(namespaces: Collection[str], *answers: Answer) -> tuple[list[tuple[str, str]], list[Asked]]:
    """The warnings that are told by the time that all answers are given, and what was asked."""
    told: list[tuple[str, str]] = []
    end = asyncio.Event()

    async def last(_: web.Request) -> web.Response:
        end.set()
        return listed("9")

    async with served(*answers, last) as (client, api, _):
        watch = PodWarnings(
            client, namespaces, lambda namespace, uid, event: told.append((f"{namespace}/{uid}", event.reason))
        )
        work = asyncio.create_task(watch.run())
        await end.wait()
        work.cancel()
        await asyncio.wait({work})
    return told, api.asked


async def test_warnings_about_pods_are_watched_from_now_on_and_told() -> None:
    changes = (("ADDED", warning("a")), ("MODIFIED", warning("a")), ("DELETED", warning("b")))
    told, asked = await told_by((), listed("7"), stream(*changes), listed("8"), stream(("ADDED", warning("c"))))
    assert told == [("ml/a", "FailedMount"), ("ml/a", "FailedMount"), ("ml/c", "FailedMount")]
    newest, watch, *_ = asked
    assert (newest.path, newest.query) == (EVENTS, {"limit": "1"})
    assert watch.path == EVENTS
    assert watch.query == {
        "watch": "true",
        "fieldSelector": "involvedObject.kind=Pod,type=Warning",
        "resourceVersion": "7",
        "timeoutSeconds": str(WATCH_SECONDS),
    }


async def test_each_namespace_of_a_list_is_watched_for_itself() -> None:
    _, asked = await told_by(("ml", "web"), listed("7"))
    assert {each.path for each in asked} == {"/api/v1/namespaces/ml/events", "/api/v1/namespaces/web/events"}


async def test_a_stream_that_breaks_off_begins_anew_and_a_right_that_is_missing_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    expired = stream(("ADDED", warning("a")), ("ERROR", {"code": 410}))
    cut = half(stream(("ADDED", warning("b"))).text or "")
    forbidden = status(403, "Forbidden", "events is forbidden")
    again = stream(("ADDED", warning("c")))
    with caplog.at_level(logging.WARNING):
        told, _ = await told_by((), listed("7"), expired, listed("8"), cut, forbidden, listed("9"), again)
    assert [pod for pod, _ in told] == ["ml/a", "ml/b", "ml/c"]
    assert caplog.messages == [
        "Some problems will be told later: events cannot be watched: 403 Forbidden: events is forbidden"
    ]


async def test_an_outage_is_told_once_and_the_next_one_again(caplog: pytest.LogCaptureFixture) -> None:
    first = (half(), half(), busy(), half(), busy())
    second = (half(), half(), busy(), half())
    await told_by((), *first, listed("7"), stream(), *second, listed("8"), stream(("ADDED", warning("a"))), half())
    away, answered = (
        "Some problems will be told later: events cannot be watched: GET /api/v1/events: the answer is no JSON object, "
        "or only part of one",
        "Some problems will be told later: events cannot be watched: 503 ServiceUnavailable: etcd",
    )
    assert caplog.messages == [away, answered, away, answered]


async def test_an_event_that_is_too_large_ends_nothing() -> None:
    """`edit` may write Events, and the API server limits no message of theirs."""
    large = warning("a") | {"message": "x" * 5 * 2**20}
    again = stream(("ADDED", warning("b")))
    told, _ = await told_by((), listed("7"), stream(("ADDED", large)), listed("8"), again)
    assert told == [("ml/b", "FailedMount")]
