"""What is said of pods that start, and what is remembered of those that did."""

from dataclasses import replace
from itertools import permutations
from typing import Any, Final

import pytest

from modelservice_operator.api.status import MAX_STARTS, StartupStatus
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod import Pod
from modelservice_operator.startup import describe, remember, starts, under_way
from modelservice_operator.timeline import Phase, Span, Start
from unit.diagnose.builders import at, condition, pod

SCHEDULED: Final = condition("PodScheduled", "True", since=at(5))


def pulls(name: str = "a", **more: Any) -> Pod:
    return pod(name, node="gpu-1", conditions=[SCHEDULED], **more)


def loads(name: str = "a", since: int = 60, *, unready_since: int = 5, **more: Any) -> Pod:
    conditions = [SCHEDULED, condition("Ready", "False", since=at(unready_since))]
    statuses = [{"name": "server", "state": {"running": {"startedAt": at(since)}}}]
    return pod(name, node="gpu-1", conditions=conditions, statuses=statuses, **more)


def serves(name: str = "a", ready: int = 200, since: int = 60, *, watched: bool = True, **more: Any) -> Pod:
    conditions = [SCHEDULED, condition("Ready", "True", since=at(ready))]
    statuses = [{"name": "server", "state": {"running": {"startedAt": at(since)}}}]
    found = pod(name, node="gpu-1", conditions=conditions, statuses=statuses, **more)
    return found.following(loads(name, since)) if watched else found


UNDER_WAY = [
    ("no pods yet", [], 0, None),
    ("one waits", [pod()], 0, "scheduling 0"),
    ("the foremost is told of", [pod("a"), pulls("b"), loads("c")], 0, "loading 60"),
    ("of those in one phase the first", [loads("a", 70), loads("b", 60), loads("c", 80)], 0, "loading 60"),
    ("the others once that one serves", [serves("a", 200), loads("b", 70)], 1, "loading 70"),
    ("the same until the Deployment has heard", [serves("a", 200), loads("b", 70)], 0, "loading 60"),
    ("the last one too", [serves("a", 200, 60), serves("b", 210, 70)], 1, "loading 70"),
    ("what the Deployment has heard of before us", [loads("a", 60)], 1, "loading 60"),
    ("unready for a while is no start", [loads("a", 60, unready_since=900)], 0, None),
    ("nor is being ready again", [serves("a", 990, 60, watched=False)], 0, None),
    ("pods that serve", [serves("a"), serves("b")], 2, None),
    ("another revision", [loads("a", revision="r0")], 0, None),
    ("pods that go", [loads("a", gone_by=at(0))], 0, None),
    ("pods that have ended", [loads("a", phase="Failed")], 0, None),
    ("nobody's pods", [replace(loads("a"), controlled=False)], 0, None),
]  # fmt: skip


@pytest.mark.parametrize(("what", "pods", "counted", "expected"), UNDER_WAY, ids=[row[0] for row in UNDER_WAY])
def test_what_is_under_way(what: str, pods: list[Pod], counted: int, expected: str | None) -> None:
    for order in permutations(pods):
        span = under_way(order, "r1", counted)
        if expected is None:
            assert span is None
        else:
            phase, second = expected.split()
            assert span == Span(Phase(phase), at(int(second)), "")


def test_a_start_counts_when_the_deployment_has_heard_of_it() -> None:
    """The status is then written for its count anyway: once, and without a delay to what matters."""
    family = [serves("a", 200), loads("b"), serves("c", 150, watched=False), serves("d", 300, revision="r0")]
    assert starts(family, "r1", 2, {}) == ()
    assert starts(family, "r1", 3, {}) == (
        Start("a", at(200), {Phase.SCHEDULING: 5, Phase.PULLING: 55, Phase.LOADING: 140}),
    )


def test_of_many_starts_the_latest_count() -> None:
    family = [serves(f"pod-{number:03}", 200 + number) for number in range(100)]
    assert [start.pod for start in starts(family, "r1", 100, {})] == [
        f"pod-{number:03}" for number in range(99, 94, -1)
    ]


def test_a_start_that_is_known_is_no_news() -> None:
    family = [serves("a", 200), serves("b", 300)]
    known = remember({}, "chat-1", starts(family[:1], "r1", 1, {}))
    assert [start.pod for start in starts(family, "r1", 2, known)] == ["b"]


def start(pod_name: str, ready: int, loading: int, **more: int) -> Start:
    return Start(pod_name, at(ready), {**{Phase(phase): n for phase, n in more.items()}, Phase.LOADING: loading})


def test_the_last_start_and_the_median_of_recent_ones() -> None:
    startup = remember({}, "chat-1", [start("a", 100, 80, pulling=12)])
    assert startup == {
        "revision": "chat-1",
        "last": {"pod": "a", "readyAt": at(100), "pullingSeconds": 12, "loadingSeconds": 80},
        "median": {"pullingSeconds": 12, "loadingSeconds": 80},
    }
    startup = remember(startup, "chat-1", [start("c", 300, 90), start("b", 200, 40, pulling=2)])
    assert startup == {
        "revision": "chat-1",
        "last": {"pod": "c", "readyAt": at(300), "loadingSeconds": 90},
        "median": {"pullingSeconds": 7, "loadingSeconds": 80},
        "earlier": [
            {"pod": "b", "readyAt": at(200), "pullingSeconds": 2, "loadingSeconds": 40},
            {"pod": "a", "readyAt": at(100), "pullingSeconds": 12, "loadingSeconds": 80},
        ],
    }
    StartupStatus.model_validate(startup)


def test_it_is_bounded_and_the_order_of_news_does_not_matter() -> None:
    news = [start(f"p{number}", 100 + number // 2, number) for number in range(MAX_STARTS + 2)]
    ends = []
    for order in (news, news[::-1], news[3:] + news[:3]):
        startup: Manifest = {}
        for each in order:
            startup = remember(startup, "chat-1", [each])
        ends.append(startup)
        assert remember(startup, "chat-1", news) is startup, "nothing is news twice"
    assert ends[0] == ends[1] == ends[2]
    assert [ends[0]["last"]["pod"], *(entry["pod"] for entry in ends[0]["earlier"])] == ["p6", "p5", "p4", "p3", "p2"]


def test_another_revision_is_no_measure_and_forgotten_once_one_of_this_has_started() -> None:
    old = remember({}, "chat-1", [start("a", 100, 80)])
    assert remember(old, "chat-2", []) is old
    new = remember(old, "chat-2", [start("b", 200, 40)])
    assert (new["revision"], new["median"]) == ("chat-2", {"loadingSeconds": 40})
    assert "earlier" not in new


@pytest.mark.parametrize(
    ("phase", "median", "text"),
    [
        (Phase.LOADING, {"loadingSeconds": 220}, "loading since 10:01:00Z, usually 3m40s"),
        (Phase.LOADING, {}, "loading since 10:01:00Z, which may take 3600 s"),
        (Phase.LOADING, {"loadingSeconds": 0}, "loading since 10:01:00Z, usually 0s"),
        (Phase.FETCHING, {"fetchingSeconds": 45}, "fetching the model since 10:01:00Z, usually 45s"),
        (
            Phase.PULLING,
            {"pullingSeconds": 7205, "loadingSeconds": 1},
            "mounting volumes and pulling the image since 10:01:00Z, usually 2h",
        ),
        (Phase.SCHEDULING, {"loadingSeconds": 1}, "waiting for a node since 10:01:00Z"),
    ],
)
def test_words(phase: Phase, median: Manifest, text: str) -> None:
    startup = {"revision": "chat-1", "last": {}, "median": median}
    assert describe(Span(phase, at(60), ""), startup, "chat-1", 3600) == text


def test_what_another_revision_took_is_not_told() -> None:
    startup = {"revision": "chat-1", "last": {}, "median": {"loadingSeconds": 220}}
    span = Span(Phase.LOADING, at(60), "")
    assert describe(span, startup, "chat-2", 900) == "loading since 10:01:00Z, which may take 900 s"
    assert describe(span, {}, "chat-2", 900) == "loading since 10:01:00Z, which may take 900 s"
