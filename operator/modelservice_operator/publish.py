"""The status of a ModelService: computed from what was found, and written when it differs from what stands there."""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from modelservice_operator import status
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, is_absence, namespace_is_gone
from modelservice_operator.cluster.evidence import Gatherer
from modelservice_operator.cluster.resources import MODEL_SERVICE
from modelservice_operator.cluster.store import Family, Key, Store
from modelservice_operator.diagnose.evidence import questions, with_evidence
from modelservice_operator.diagnose.later import changes_in
from modelservice_operator.events import Recorder, transition_events
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.runtime import Runtime
from modelservice_operator.situation import Outcome, situate

logger = logging.getLogger(__name__)

STATUS_INTERVAL: Final = 1.0
"""Seconds between two status writes of one object, at least."""
FIRST_STATUS_PATIENCE: Final = timedelta(seconds=30)
"""How long a new ModelService may be without a status while others wait for their children."""
CONFLICT_PATIENCE: Final = 5.0
"""Seconds for which the event of a write that came before ours is waited for: it may have been lost."""
LONGEST_HOLD: Final = 60.0
"""Seconds for which a status waits for evidence, at most: where pods fail all the time there is always some to come."""
RENEWAL: Final = 600.0
"""Seconds after which the numbers in messages may be renewed although the verdict is the same."""


class Publisher:
    """Writes statuses, and the Events that a change of one is worth."""

    def __init__(
        self,
        client: Client,
        store: Store,
        runtimes: Mapping[str, Runtime],
        recorder: Recorder,
        gatherer: Gatherer,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare.

        Args:
            client: sends the requests.
            store: what there is.
            runtimes: by name.
            recorder: takes Events.
            gatherer: asks what pods do not tell.
            clock: monotonic, in seconds.
            now: the time.
            crowded: whether other keys wait to be reconciled.
        """
        self._client = client
        self._store = store
        self._runtimes = runtimes
        self._recorder = recorder
        self._gatherer = gatherer
        self._clock, self._now, self._crowded = clock, now, crowded
        self._started: float | None = None
        self._written: dict[Key, float] = {}
        self._differs: dict[Key, float] = {}
        """Since when what stands in a status is not what should."""

    def forget(self, key: Key) -> None:
        """The ModelService is gone, or another one has its name."""
        self._written.pop(key, None)
        self._differs.pop(key, None)
        self._gatherer.forget(key)

    async def publish(self, key: Key, judged: Parent, outcome: Outcome) -> float | None:
        """Write the status if it differs; returns the seconds after which there may be another one without any news.

        0 means that the status gives way: it is to be written as soon as no other key waits.
        """
        family = self._store.family(key)
        parent = family.parent
        if parent is None or parent.deleting or (parent.uid, parent.generation) != (judged.uid, judged.generation):
            # The spec that was worked on is not the latest any more: the key comes again.
            return None
        if self._started is None:
            self._started = self._clock()
        now = self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
        last = self._written.get(key)
        since = last if last is not None else self._started
        changed = parent.status.get("observedGeneration") != parent.generation
        renew = changed or (since is not None and self._clock() - since >= RENEWAL)
        family = self._with_evidence(key, family, outcome, now)
        situation = situate(parent, family, self._store.nodes, self._runtimes, outcome, now)
        wanted = status.compute(situation, now, renew=renew)
        patch = status.merge_patch(parent.status, wanted)
        later = changes_in(family.pods.values(), now)
        if not patch:
            self._differs.pop(key, None)
            return later
        # What the process before this one was told of a pod, this one still has to ask.
        patient = last is None and not changed and not _problems(parent.status) <= _problems(wanted)
        if last is None and self._gives_way(parent):
            return 0.0
        interval = 0.0 if last is None else last + STATUS_INTERVAL - self._clock()
        held = self._differs.setdefault(key, self._clock()) + LONGEST_HOLD - self._clock()
        wait = max(interval, min(held, self._gatherer.hold(key, patient=patient)))
        if wait > 0:
            return wait
        answer, again = await self._write(parent, patch)
        if answer is None:
            return again
        self._written[key] = self._clock()
        self._differs.pop(key, None)
        self._store.upsert(answer)
        for event in transition_events(parent.status, wanted):
            level = logging.WARNING if event.type == "Warning" else logging.INFO
            logger.log(level, "%s: %s", event.reason, event.message)
            self._recorder.record(parent, event, self._now())
        return later

    async def _write(self, parent: Parent, patch: Manifest) -> tuple[Manifest | None, float | None]:
        """Patch the status; where that was in vain no answer, and the seconds after which to look again."""
        body: Manifest = {"metadata": {"resourceVersion": str(parent.resource_version)}, "status": patch}
        try:
            answer = await self._client.merge_patch(
                MODEL_SERVICE, parent.namespace, parent.name, body, subresource="status"
            )
        except ApiError as error:
            if is_absence(error):
                self._store.forget(MODEL_SERVICE.kind, parent.namespace, parent.name, parent.uid)
            elif error.status != 409 and not namespace_is_gone(error):
                raise
            return None, CONFLICT_PATIENCE if error.status == 409 else None
        return answer, None

    def _with_evidence(self, key: Key, family: Family, outcome: Outcome, now: str) -> Family:
        """The family with what was learnt about its pods; what else has to be asked about them is asked soon."""
        spec, nodes = outcome.spec, self._store.nodes
        if spec is None:
            return family
        output = self._gatherer.output
        raised = [(pod, questions(pod, spec, nodes, now, output=output)) for pod in family.pods.values()]
        self._gatherer.want(key, raised)
        pods = {name: with_evidence(pod, self._gatherer.known(pod)) for name, pod in family.pods.items()}
        return dataclasses.replace(family, pods=pods)

    def _gives_way(self, parent: Parent) -> bool:
        """Where many are new, the children of all go before the statuses."""
        new = "observedGeneration" not in parent.status
        return new and self._crowded() and _age(parent, self._now()) < FIRST_STATUS_PATIENCE


def _problems(of: Manifest) -> set[str]:
    """The reasons of the problems in a status."""
    return {problem["reason"] for problem in of.get("problems") or ()}


def _age(parent: Parent, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(parent.created_at)
