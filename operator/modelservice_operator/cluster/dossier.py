"""What was asked about one pod, when, and what is to be asked next."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from modelservice_operator.cluster.store import Key
from modelservice_operator.diagnose.evidence import Evidence, Kind, Question

BACK_OFF: Final = (15.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds from one request about a matter to the next; the last of them for ever after."""
HOLD: Final = 0.5
"""Seconds for which an answer that is due at once is waited for before a status tells less."""


@dataclass(slots=True)
class _Asked:
    """How often a matter was asked about, and what came of it."""

    times: int
    occasion: str
    answered: bool
    next: float
    """Not again before this time, unless for another occasion."""


@dataclass(slots=True)
class Dossier:
    """One pod about which something is, or was, to be asked. Times are monotonic, in seconds."""

    key: Key
    """Of its ModelService."""
    name: str
    evidence: Evidence = field(default_factory=Evidence)
    _raised: dict[tuple[Kind, str], tuple[Question, float]] = field(default_factory=dict)
    _asked: dict[tuple[Kind, str], _Asked] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """The pod raises no question at present."""
        return not self._raised

    def asks(self, kind: Kind) -> bool:
        """The pod raises a question of this kind at present."""
        return any(asked is kind for asked, _ in self._raised)

    def want(self, questions: Iterable[Question], now: float) -> None:
        """These questions are raised at present, and no others. Without any, what was learnt is of no use any more."""
        before = self._raised
        self._raised = {}
        for question in questions:
            known = before.get(_matter(question))
            lasts = known is not None and known[0].occasion == question.occasion
            self._raised[_matter(question)] = (question, known[1] if known is not None and lasts else now)
        if self.idle:
            self.evidence = Evidence()

    def due(self, now: float) -> list[Question]:
        """What is to be asked now."""
        return [question for question, since in self._raised.values() if self._time(question, since) <= now]

    def next_time(self) -> float:
        """When something is to be asked; infinite when nothing is."""
        return min((self._time(question, since) for question, since in self._raised.values()), default=math.inf)

    def held_until(self, *, patient: bool) -> float:
        """Until when an answer that may come any moment is worth waiting for; 0 when none is.

        Args:
            patient: also for what is asked only when it has lasted.
        """
        return max(
            (
                since + question.patience + HOLD
                for question, since in self._raised.values()
                if not self._was_asked(question) and (patient or not question.patience)
            ),
            default=0.0,
        )

    def asked(self, question: Question, now: float, *, answered: bool, pause: float = 0.0) -> None:
        """A request was made. The next one about the matter follows after the back-off and `pause` seconds at least."""
        before = self._asked.get(_matter(question))
        times = before.times if before is not None and before.occasion == question.occasion else 0
        wait = max(BACK_OFF[min(times, len(BACK_OFF) - 1)], pause)
        self._asked[_matter(question)] = _Asked(times + 1, question.occasion, answered, now + wait)

    def _was_asked(self, question: Question) -> bool:
        asked = self._asked.get(_matter(question))
        return asked is not None and asked.occasion == question.occasion

    def _time(self, question: Question, since: float) -> float:
        asked = self._asked.get(_matter(question))
        if asked is None or asked.occasion != question.occasion:
            return since + question.patience
        if asked.answered and not question.again:
            return math.inf
        return max(since + question.patience, asked.next)


def _matter(question: Question) -> tuple[Kind, str]:
    return question.kind, question.matter
