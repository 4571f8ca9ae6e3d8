"""The status of a ModelService, from what its children say. Pure: the clock and the previous status are passed in."""

import dataclasses
import operator
import re
from typing import Final

from modelservice_operator import conditions
from modelservice_operator.api.status import MAX_PROBLEMS
from modelservice_operator.conditions import Condition
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.situation import Situation
from modelservice_operator.startup import describe, remember

LONGEST: Final = 4096
"""Characters of a message or remedy. Words of others may quote whole objects, and a user can write what is quoted."""

_NUMBERS: Final = re.compile(r"(?<![\w.:/-])\d+(?:\.\d+)?(?:[munkKMGTPE]i?B?)?(?![\w:/-]|\.\d)")
"""Counts and quantities, but no digits of names, tags, addresses and times."""


def compute(situation: Situation, now: str, *, renew: bool) -> Manifest:
    """The whole status.

    Args:
        situation: what is known.
        now: RFC 3339, in whole seconds.
        renew: numbers in messages may be renewed although the verdict is the same (design: every 10 minutes at most).
    """
    previous = situation.parent.status
    observation = situation.observation
    status: Manifest = {
        "observedGeneration": situation.parent.generation,
        "replicas": observation.replicas,
        "readyReplicas": observation.ready,
        "selector": ",".join(f"{key}={value}" for key, value in sorted(names.selector(situation.parent.name).items())),
        "ready": f"{observation.ready}/{observation.wanted}",
    }
    status |= _serving(situation)
    problems = _problems(situation, now, renew=renew)
    status["conditions"] = [
        conditions.render(
            # What is said of a problem has its say here too: both tell the same numbers.
            _keep_message(
                dataclasses.replace(condition, message=_cut(condition.message)),
                conditions.find(previous, condition.type),
                renew=renew or bool(problems),
            ),
            conditions.find(previous, condition.type),
            situation.parent.generation,
            now,
        )
        for condition in _judge(situation, problems)
    ]
    startup = _startup(situation)
    if startup:
        status["startup"] = startup
    if problems:
        status["problems"] = problems
    return status


def merge_patch(previous: Manifest, wanted: Manifest) -> Manifest:
    """The JSON merge patch (RFC 7386) that turns one status into the other; empty when they are equal."""
    patch: Manifest = {key: None for key in previous if key not in wanted}
    for key, value in wanted.items():
        before = previous.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = merge_patch(before, value)
            if inner:
                patch[key] = inner
        elif before != value:
            patch[key] = value
    return patch


def _serving(situation: Situation) -> Manifest:
    """The part that speaks of what is asked to run, kept from the previous status where that is not known."""
    previous = situation.parent.status
    serving = situation.serving
    if serving is None:
        kept = ("url", "runtime", "revision", "accelerators")
        return {key: previous[key] for key in kept if key in previous}
    revision = {"desired": serving.revision}
    last = serving.revision if _is_ready(situation) else (previous.get("revision") or {}).get("serving")
    if last:
        revision = {"serving": last, **revision}
    part: Manifest = {
        "runtime": {"name": serving.runtime, "image": serving.image},
        "revision": revision,
        "accelerators": serving.devices,
    }
    url = serving.url or previous.get("url")
    return {"url": url, **part} if url else part


def _startup(situation: Situation) -> Manifest:
    before: Manifest = situation.parent.status.get("startup") or {}
    serving = situation.serving
    return remember(before, serving.revision, situation.starts) if serving is not None else before


def _is_ready(situation: Situation) -> bool:
    """All replicas of the desired revision serve, and there are some."""
    return situation.serves and situation.observation.wanted > 0


def _problems(situation: Situation, now: str, *, renew: bool) -> list[Manifest]:
    blocked = situation.blocked
    found = list(situation.problems)
    if blocked is not None and blocked.reason != Reason.WAITING_FOR_PREDECESSOR:
        found.insert(0, Problem(blocked.reason, blocked.message, blocked.remedy, 0, now))
    del found[MAX_PROBLEMS:]
    known = _earlier(found, situation.parent.status.get("problems") or [])
    return [_problem(problem, before, now, renew=renew) for problem, before in zip(found, known, strict=True)]


def _earlier(found: list[Problem], known: list[Manifest]) -> list[Manifest | None]:
    """For each problem what the status said of it before, if it did.

    That is an entry in the same words or, where there is none, in words that differ in numbers alone. An entry is about
    one problem: two containers may crash in the same words with different exit codes.
    """
    left = list(known)
    earlier: list[Manifest | None] = [None] * len(found)
    for alike in (operator.eq, _same_but_for_numbers):
        for index, problem in enumerate(found):
            entries = (entry for entry in left if entry["reason"] == problem.reason)
            match = next((entry for entry in entries if alike(entry.get("message", ""), _cut(problem.message))), None)
            if earlier[index] is None and match is not None:
                left.remove(match)
                earlier[index] = match
    return earlier


def _problem(problem: Problem, before: Manifest | None, now: str, *, renew: bool) -> Manifest:
    entry: Manifest = {
        "reason": str(problem.reason),
        "message": _cut(problem.message),
        "remedy": _cut(problem.remedy),
        "pods": problem.pods,
        "since": problem.since or now,
    }
    if before is not None:
        entry["since"] = before.get("since") or entry["since"]
        if before.get("pods") == problem.pods and not renew:
            entry["message"] = before["message"]
            if _same_but_for_numbers(before.get("remedy", ""), problem.remedy):
                entry["remedy"] = before["remedy"]
    return entry


def _keep_message(condition: Condition, before: Manifest, *, renew: bool) -> Condition:
    """The condition with the message of first sight, while the verdict is the same."""
    same = before.get("status") == condition.status and before.get("reason") == condition.reason
    if same and not renew and _same_but_for_numbers(before.get("message", ""), condition.message):
        return Condition(condition.type, condition.status, condition.reason, before["message"])
    return condition


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _same_but_for_numbers(before: str, after: str) -> bool:
    return _NUMBERS.sub("#", before) == _NUMBERS.sub("#", after)


def _judge(situation: Situation, problems: list[Manifest]) -> tuple[Condition, ...]:
    ready = _ready(situation, problems)
    stalled = _stalled(situation, problems)
    return (ready, _available(situation), _reconciling(situation, ready, stalled), stalled)


def _ready(situation: Situation, problems: list[Manifest]) -> Condition:
    observation, blocked = situation.observation, situation.blocked
    if blocked is not None and blocked.reason == Reason.WAITING_FOR_PREDECESSOR:
        return Condition(conditions.READY, "Unknown", blocked.reason, blocked.message)
    if problems and not situation.serves:
        return Condition(conditions.READY, "False", problems[0]["reason"], problems[0]["message"])
    if observation.complete:
        if situation.suspended:
            return Condition(
                conditions.READY,
                "True",
                Reason.SUSPENDED,
                "Suspended: no pods run. Set spec.suspend to false to resume.",
            )
        if observation.wanted == 0:
            return Condition(conditions.READY, "True", Reason.SCALED_TO_ZERO, "spec.replicas is 0: no pods run.")
        return Condition(conditions.READY, "True", Reason.REPLICAS_READY, _served(situation))
    return _progress(situation, conditions.READY, "Unknown")


def _served(situation: Situation) -> str:
    if situation.scaled:
        return "At least spec.scaling.minReplicas replicas of the desired revision serve."
    return "All replicas of the desired revision serve."


def _available(situation: Situation) -> Condition:
    if situation.observation.available > 0:
        return Condition(conditions.AVAILABLE, "True", Reason.REPLICA_SERVING, "At least one replica serves.")
    reason = Reason.SUSPENDED if situation.suspended else Reason.NO_REPLICA_SERVING
    return Condition(conditions.AVAILABLE, "False", reason, "No replica serves.")


def _reconciling(situation: Situation, ready: Condition, stalled: Condition) -> Condition:
    if ready.status == "True" or stalled.status == "True":
        return Condition(conditions.RECONCILING, "False", ready.reason, "Nothing is under way.")
    if situation.blocked is not None or ready.status == "False":
        # What holds it up says more than what would be under way without it.
        return Condition(conditions.RECONCILING, "True", ready.reason, ready.message)
    return _progress(situation, conditions.RECONCILING, "True")


def _stalled(situation: Situation, problems: list[Manifest]) -> Condition:
    if situation.blocked is not None and situation.blocked.stalled:
        return Condition(conditions.STALLED, "True", situation.blocked.reason, situation.blocked.message)
    if situation.observation.deadline_exceeded:
        late = "The replicas did not become ready within the progress deadline."
        causes = [problem["message"] for problem in problems if problem["reason"] != Reason.PROGRESS_DEADLINE_EXCEEDED]
        return Condition(conditions.STALLED, "True", Reason.PROGRESS_DEADLINE_EXCEEDED, " ".join([late, *causes[:1]]))
    return Condition(conditions.STALLED, "False", Reason.AS_EXPECTED, "Nothing stands in the way for good.")


def _progress(situation: Situation, condition_type: str, status: conditions.ConditionStatus) -> Condition:
    """What is under way, in words without numbers that move."""
    observation = situation.observation
    served = situation.parent.serving_revision
    desired = situation.serving.revision if situation.serving is not None else ""
    # All replicas are available, and the Deployment is not done: someone else changed its pods, too.
    held = observation.settled and observation.available == observation.replicas == observation.wanted
    if situation.paused and (served != desired or held):
        reason, message = Reason.ROLLOUT_PAUSED, "The rollout is paused. Set spec.rollout.paused to false to go on."
    elif not observation.settled:
        reason, message = Reason.APPLYING, "The Deployment controller has not yet taken up the last change."
    elif observation.wanted == 0:
        reason, message = Reason.SCALING_DOWN, "The pods are being stopped."
    elif not served:
        reason, message = Reason.STARTING, f"The first replicas are starting{_pace(situation)}."
    elif served != desired:
        reason, message = Reason.ROLLING_OUT, f"Revision {desired} replaces {served}{_pace(situation)}."
    else:
        reason, message = Reason.REPLICAS_NOT_READY, f"Not all replicas are ready yet{_pace(situation)}."
    return Condition(condition_type, status, reason, message)


def _pace(situation: Situation) -> str:
    """What the pods are at and how long that takes, in points in time."""
    serving, span = situation.serving, situation.under_way
    if serving is None:
        return ""
    if span is None:
        return f"; a replica may take {serving.startup_seconds} s to load the model"
    return f": {describe(span, _startup(situation), serving.revision, serving.startup_seconds)}"
