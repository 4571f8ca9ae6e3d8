"""Gathering evidence: how many requests are made, what is kept, and what failures cost. In virtual time."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import pytest

from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.evidence import BYTES, CONCURRENCY, LINES, Gatherer
from modelservice_operator.cluster.store import Key
from modelservice_operator.diagnose.evidence import Evidence, Kind, Question
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import pod_event
from unit.test_leader import elapsed, in_virtual_time

KEY: Final = Key("ml", "chat")
WAITING: Final = Question(Kind.EVENTS, "waiting", 10.0)
CRASH: Final = Question(Kind.EVENTS, "crash of server", occasion="10:00", container="server")
OUTPUT: Final = Question(Kind.OUTPUT, "crash of server", occasion="10:00", container="server", previous=True)
MOUNT: Final[Manifest] = {"type": "Warning", "reason": "FailedMount", "message": "no such volume"}
PULL: Final[Manifest] = {"type": "Normal", "reason": "Pulling", "message": "Pulling image"}
EVENTS: Final = "/api/v1/namespaces/ml/events"


def pod(name: str) -> Pod:
    return Pod.from_manifest({"metadata": {"namespace": "ml", "name": name, "uid": f"uid-{name}"}})


@dataclass
class Api:
    """Answers every request after a while, with the same events and output, or with an error."""

    events: list[Manifest] = field(default_factory=lambda: [MOUNT])
    output: str = ""
    error: Exception | None = None
    takes: float = 0.01
    asked: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)
    busy: int = 0
    most: int = 0

    async def request(self, method: str, path: str, *, query: Mapping[str, str] | None = None) -> Manifest:
        assert method == "GET"
        await self._serve(path, query or {})
        return {"items": self.events}

    async def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        await self._serve(path, query or {})
        return self.output

    async def _serve(self, path: str, query: Mapping[str, str]) -> None:
        self.asked.append((elapsed(), path, dict(query)))
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(self.takes)
        self.busy -= 1
        if self.error is not None:
            raise self.error


class Stage:
    """A gatherer at work, and what it tells."""

    def __init__(self, api: Api, capacity: int = 100) -> None:
        self.api = api
        self.news: list[Key] = []
        self.refused = 0
        self.gatherer = Gatherer(
            api, self.news.append, clock=elapsed, output=True, capacity=capacity, on_full=self._refuse
        )

    def _refuse(self) -> None:
        self.refused += 1

    def raise_(self, *questions: Question, name: str = "a", key: Key = KEY) -> None:
        self.gatherer.want(key, [(pod(name), questions)])

    async def pass_(self, seconds: float) -> None:
        work = asyncio.create_task(self.gatherer.run())
        await asyncio.sleep(seconds)
        work.cancel()
        await asyncio.wait({work})


def test_the_events_of_that_pod_are_read_and_kept_and_the_model_service_is_looked_at_again() -> None:
    async def scenario() -> None:
        stage = Stage(Api())
        stage.raise_(WAITING)
        await stage.pass_(9.0)
        assert (stage.api.asked, stage.news) == ([], [])
        await stage.pass_(2.0)
        ((_, path, query),) = stage.api.asked
        assert (path, query) == (EVENTS, {"fieldSelector": "involvedObject.uid=uid-a", "limit": "100"})
        evidence = stage.gatherer.known(pod("a"))
        assert evidence is not None
        assert [event.message for event in evidence.events] == ["no such volume"]
        assert stage.news == [KEY]
        stage.api.events = []
        await stage.pass_(3600.0)
        assert stage.gatherer.known(pod("a")) == evidence, "events expire, and were true all the same"

    in_virtual_time(scenario())


def test_an_event_counts_at_once_where_it_answers_a_question_and_is_counted_up_when_it_repeats() -> None:
    async def scenario() -> None:
        stage = Stage(Api())
        mount = pod_event(MOUNT | {"lastTimestamp": "2026-01-01T00:00:00Z"})
        again = replace(mount, count=2, last_seen="2026-01-01T00:00:01Z")
        other = replace(mount, message="another volume", last_seen="2026-01-01T00:00:02Z")
        stage.gatherer.tell(KEY.namespace, "uid-a", mount)
        assert (stage.gatherer.known(pod("a")), stage.news) == (None, []), "nobody asks about that pod"
        stage.raise_(WAITING)
        for event in (mount, again, other):
            stage.gatherer.tell(KEY.namespace, "uid-a", event)
        assert stage.gatherer.known(pod("a")) == Evidence((again, other))
        assert stage.news == [KEY] * 3
        stage.gatherer.tell("elsewhere", "uid-a", replace(mount, message="forged"))
        assert len(stage.news) == 3, "it is of another namespace than the pod"
        stage.raise_(OUTPUT)
        stage.gatherer.tell(KEY.namespace, "uid-a", other)
        assert len(stage.news) == 3, "no event answers that"
        assert stage.api.asked == []

    in_virtual_time(scenario())


def test_a_pod_that_waits_for_an_hour_costs_sixteen_requests_and_one_that_pulls_an_image_a_dozen() -> None:
    async def scenario() -> None:
        for events, requests in (([MOUNT], 16), ([PULL], 12)):
            stage = Stage(Api(events))
            stage.raise_(WAITING)
            await stage.pass_(3600.0)
            assert len(stage.api.asked) == requests

    in_virtual_time(scenario())


def test_the_output_of_a_crash_is_read_once_and_masked() -> None:
    async def scenario() -> None:
        stage = Stage(Api(output="loading with hf_abcdefghijklmnop\nkilled\n"))
        stage.raise_(CRASH, OUTPUT)
        await stage.pass_(3600.0)
        assert [path for _, path, _ in stage.api.asked] == [EVENTS, "/api/v1/namespaces/ml/pods/a/log"]
        assert stage.api.asked[1][2] == {
            "container": "server",
            "previous": "true",
            "tailLines": str(LINES),
            "limitBytes": str(BYTES),
        }
        evidence = stage.gatherer.known(pod("a"))
        assert evidence is not None
        assert evidence.output == "loading with ***\nkilled\n"
        assert len(evidence.events) == 1

    in_virtual_time(scenario())


def test_a_thousand_broken_services_cost_bounded_requests_and_memory(caplog: pytest.LogCaptureFixture) -> None:
    """Each has two pods that crash once and raise their questions again at every look."""

    async def scenario() -> None:
        stage = Stage(Api(takes=0.05), capacity=1500)
        for _ in range(3):
            for number in range(1000):
                raised = [(pod(f"{number}-{replica}"), (CRASH, OUTPUT)) for replica in range(2)]
                stage.gatherer.want(Key("ml", str(number)), raised)
            await stage.pass_(60.0)
        assert stage.api.most == CONCURRENCY
        assert stage.refused == 3 * 500
        assert caplog.messages == ["More than 1500 pods are in trouble: about the others nothing is asked."]
        assert len(stage.api.asked) == 2 * 1500, "beyond the capacity pods go without"
        assert max(Counter((path, *query.items()) for _, path, query in stage.api.asked).values()) == 1
        for number in range(1000):
            stage.gatherer.want(Key("ml", str(number)), [(pod(f"{number}-0"), ())])
            stage.gatherer.forget(Key("ml", str(number)))
        assert not stage.gatherer._dossiers
        assert not stage.gatherer._uids
        assert not stage.gatherer._idle

    in_virtual_time(scenario())


def test_those_that_are_well_make_room_for_those_that_are_not() -> None:
    async def scenario() -> None:
        stage = Stage(Api(), capacity=1)
        stage.raise_(CRASH)
        stage.raise_(CRASH, name="b", key=Key("ml", "other"))
        await stage.pass_(1.0)
        assert (stage.gatherer.known(pod("a")) is None, stage.gatherer.known(pod("b"))) == (False, None)
        stage.raise_()
        stage.raise_(CRASH)
        stage.raise_(CRASH, name="b", key=Key("ml", "other"))
        assert stage.gatherer.known(pod("b")) is None, "the other is in trouble again"
        stage.raise_()
        stage.raise_(CRASH, name="b", key=Key("ml", "other"))
        await stage.pass_(1.0)
        assert (stage.gatherer.known(pod("a")), stage.gatherer.known(pod("b")) is None) == (None, False)

    in_virtual_time(scenario())


def test_a_pod_that_is_gone_is_forgotten() -> None:
    async def scenario() -> None:
        stage = Stage(Api())
        stage.raise_(CRASH)
        await stage.pass_(1.0)
        stage.raise_(CRASH, name="b")
        assert stage.gatherer.known(pod("a")) is None
        assert stage.gatherer.hold(KEY, patient=False) > 0
        stage.gatherer.forget(KEY)
        await stage.pass_(1.0)
        assert len(stage.api.asked) == 1, "nobody asks about what is gone"

    in_virtual_time(scenario())


def test_what_may_not_be_read_is_left_alone_with_one_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        api = Api(error=ApiError(403, "Forbidden", "cannot get resource pods/log"))
        stage = Stage(api, capacity=200)
        for number in range(100):
            stage.raise_(OUTPUT, name=str(number), key=Key("ml", str(number)))
            await stage.pass_(1.0)
            assert stage.gatherer.hold(Key("ml", str(number)), patient=True) == 0
        assert len(api.asked) == 1
        await stage.pass_(600.0)
        stage.raise_(OUTPUT, name="later")
        await stage.pass_(1.0)
        assert len(api.asked) == 2, "the right may have been granted since"

    with caplog.at_level(logging.WARNING):
        in_virtual_time(scenario())
    assert [record.getMessage() for record in caplog.records] == [
        "Statuses will say less: the output of pods may not be read: 403 Forbidden: cannot get resource pods/log"
    ]


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (ApiError(404, "NotFound", "pods a not found", name="a"), [0]),
        (ApiError(400, "BadRequest", "previous terminated container not found"), [0]),
        (ApiError(429, "TooManyRequests", "busy", retry_after=100.0), [0, 100, 200, 300]),
        (ApiError(500, "InternalError", "no route to the kubelet"), [0, 15, 45, 105, 225]),
        (ApiUnreachable("timed out"), [0, 15, 45, 105, 225]),
        (RuntimeError("a bug"), [0]),
    ],
    ids=["gone", "no such run", "busy", "kubelet", "network", "bug"],
)
def test_failures_cost_little_and_delay_no_status(error: Exception, times: list[float]) -> None:
    async def scenario() -> None:
        stage = Stage(Api(error=error, takes=0.0))
        stage.raise_(OUTPUT)
        await stage.pass_(310.0)
        assert [round(second) for second, _, _ in stage.api.asked] == times
        assert stage.gatherer.hold(KEY, patient=True) == 0
        assert stage.news

    in_virtual_time(scenario())


def test_nothing_is_asked_while_the_api_server_is_busy() -> None:
    async def scenario() -> None:
        stage = Stage(Api(error=ApiUnreachable("timed out"), takes=0.0))
        for number in range(50):
            stage.raise_(CRASH, name=str(number), key=Key("ml", str(number)))
        await stage.pass_(14.0)
        assert len(stage.api.asked) == 3 * CONCURRENCY, "every five seconds by each worker"

    in_virtual_time(scenario())
