"""When something is asked about a pod, and when no more."""

import math

import pytest

from modelservice_operator.cluster.dossier import BACK_OFF, HOLD, Dossier
from modelservice_operator.cluster.store import Key
from modelservice_operator.diagnose.evidence import Evidence, Kind, Question, questions
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import SPEC, recorded

KEY = Key("ml", "chat")
WAITING = Question(Kind.EVENTS, "waiting", 5.0)
FIRST = Question(Kind.EVENTS, "crash", occasion="10:00")
SECOND = Question(Kind.EVENTS, "crash", occasion="10:05")


def test_what_lasts_is_asked_with_back_off_however_often_it_is_raised() -> None:
    dossier, times = Dossier(KEY, "a"), []
    for now in range(1000):
        dossier.want([WAITING], now)
        for question in dossier.due(now):
            times.append(now)
            dossier.asked(question, now, answered=True)
    assert times == [5, 20, 50, 110, 230, 530, 830]


def test_what_passes_in_time_is_never_asked() -> None:
    dossier = Dossier(KEY, "a")
    for now in range(1000):
        dossier.want([WAITING] if now % 5 else [], now)
        assert dossier.due(now) == []


def test_what_comes_and_goes_keeps_its_back_off() -> None:
    """A server that is ready by turns is not asked about at every turn."""
    dossier, times = Dossier(KEY, "a"), []
    for now in range(1000):
        dossier.want([WAITING] if now % 10 else [], now)
        for question in dossier.due(now):
            times.append(now)
            dossier.asked(question, now, answered=True)
    assert len(times) == 7


def test_each_occasion_is_asked_once_and_at_once() -> None:
    dossier = Dossier(KEY, "a")
    dossier.want([FIRST], 0.0)
    assert dossier.due(0.0) == [FIRST]
    dossier.asked(FIRST, 0.0, answered=True)
    dossier.want([FIRST], 1.0)
    assert (dossier.due(1e6), dossier.next_time()) == ([], math.inf)
    dossier.want([SECOND], 2.0)
    assert dossier.due(2.0) == [SECOND]


def test_what_was_not_answered_is_asked_again_after_the_back_off() -> None:
    dossier = Dossier(KEY, "a")
    dossier.want([FIRST], 0.0)
    dossier.asked(FIRST, 0.0, answered=False)
    assert dossier.next_time() == BACK_OFF[0]
    dossier.asked(FIRST, 15.0, answered=False, pause=40.0)
    assert dossier.next_time() == 55.0
    dossier.asked(FIRST, 55.0, answered=True)
    assert dossier.next_time() == math.inf


def test_a_status_is_held_for_a_moment_until_the_first_answer() -> None:
    dossier = Dossier(KEY, "a")
    assert dossier.held_until(patient=True) == 0.0
    dossier.want([WAITING], 1.0)
    assert (dossier.held_until(patient=False), dossier.held_until(patient=True)) == (0.0, 6.0 + HOLD)
    dossier.want([FIRST], 1.0)
    assert dossier.held_until(patient=False) == 1.0 + HOLD
    dossier.asked(FIRST, 1.1, answered=False)
    assert dossier.held_until(patient=True) == 0.0


def test_evidence_lasts_as_long_as_something_is_wrong() -> None:
    dossier = Dossier(KEY, "a", Evidence(output="why"))
    dossier.want([SECOND], 0.0)
    assert dossier.evidence.output == "why"
    dossier.want([], 0.0)
    assert (dossier.evidence, dossier.idle) == (Evidence(), True)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("healthy", []),
        ("startup-slow", []),
        ("notready", ["unready", "unready", "unready"]),
        ("badimage", []),
        ("invalidimage", []),
        ("pull-unauthorized", []),
        ("missingsecret", []),
        ("oomkilled", []),
        ("evicted-disk", []),
        ("outofgpu", []),
        ("unsched-gpu", []),
    ],
)
def test_what_the_recorded_pods_cost(name: str, asked: list[str]) -> None:
    assert cost(name) == asked


@pytest.mark.parametrize(("name", "matter"), [("crashloop", "c"), ("liveness-kill", "c")])
def test_the_recorded_crashes_cost_one_request_each(name: str, matter: str) -> None:
    ends = {end for _, _, pod in recorded(name) for end in _ends(pod)}
    assert cost(name) == [f"crash of {matter}"] * len(ends)


def cost(name: str) -> list[str]:
    """The matters of all requests while a recorded pod went through its history, looked at every second."""
    dossier, asked, history = Dossier(KEY, name), [], recorded(name)
    for second in range(int(history[-1][0]) + 2):
        happened = [step for step in history if step[0] <= second]
        if happened:
            _, now, pod = happened[-1]
            dossier.want(questions(pod, SPEC, {}, now, output=False), second)
        for question in dossier.due(second):
            asked.append(question.matter)
            dossier.asked(question, second, answered=True)
    return asked


def _ends(pod: Pod) -> list[str]:
    return [
        end.finished_at
        for container in pod.containers
        for end in (container.terminated, container.last_terminated)
        if end is not None and end.exit_code
    ]
