"""One ModelService brought to what its spec says, and its status to what is true. The details are in `cluster`."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from modelservice_operator import convergence
from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.blocked import Blocked, of_pod_template
from modelservice_operator.cluster.apply import Applier
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, Gone, judging, namespace_is_gone
from modelservice_operator.cluster.resources import AUTOSCALER, CONTROLLER_REVISION, DEPLOYMENT, MODEL_SERVICE
from modelservice_operator.cluster.revisions import Revisions
from modelservice_operator.cluster.scale import Scaler
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.publish import Publisher
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.runtime import Runtime
from modelservice_operator.situation import Desired, Outcome

logger = logging.getLogger(__name__)

FOLLOW_MESSAGE: Final = "Change the spec as the message says."


class Reconciler:
    """Reconciles one key at a time; safe for many keys at once."""

    def __init__(
        self,
        client: Client,
        store: Store,
        runtimes: Mapping[str, Runtime],
        publisher: Publisher,
        *,
        wait: Callable[[str], float | None] = lambda _: 0.0,
    ) -> None:
        """Prepare; `wait` gives the seconds until a namespace may be worked in, None while it is another operator's."""
        self._client = client
        self._store = store
        self._publisher = publisher
        self._wait = wait
        self._applier = Applier(client, store)
        self._revisions = Revisions(client, store, runtimes)
        self._scaler = Scaler(client, store)
        self._uids: dict[Key, str] = {}
        self._was_whole: set[Key] = set()
        self._failing: set[Key] = set()
        self._converged: dict[Key, tuple[convergence.Basis, Outcome]] = {}
        """What was found to be as it should be, and what that was judged from."""

    async def reconcile(self, key: Key) -> float | None:
        """Do what there is to do for a key; returns the seconds after which to look again, None to wait for news.

        Raises:
            ApiError, ApiUnreachable: worth a retry with back-off.
        """
        parent = self._store.family(key).parent
        wait = self._wait(key.namespace)
        if parent is None or parent.deleting or wait is None:
            self._forget(key)
            return None
        if wait > 0:
            return wait
        if self._uids.setdefault(key, parent.uid) != parent.uid:
            self._forget(key)
            self._uids[key] = parent.uid
        before = convergence.basis(parent, self._store.family(key))
        known = self._converged.get(key)
        try:
            outcome = known[1] if known is not None and known[0] == before else await self._converge(parent)
        except Gone:
            return None
        blocked = outcome.blocked
        failure = blocked if blocked is not None and blocked.reason is Reason.REQUEST_FAILED else None
        if failure is not None and key not in self._failing:
            # A single failure is not worth a word: the next try is a moment away.
            self._failing.add(key)
            raise failure.__cause__ or failure
        after_status = await self._publisher.publish(key, parent, outcome)
        if failure is not None:
            raise failure.__cause__ or failure
        self._failing.discard(key)
        if blocked is None:
            await self._clean_up(parent, outcome)
            if convergence.basis(parent, self._store.family(key)) == before:
                self._converged[key] = (before, outcome)
        delays = [after_status, blocked.retry if blocked is not None else None]
        return min((delay for delay in delays if delay is not None), default=None)

    def forget_refusals(self) -> None:
        """Try once more what the API server refused for good: a newer one may take it, and some errors look so."""
        self._applier.forget_refusals()
        self._revisions.forget_refusals()

    def _forget(self, key: Key) -> None:
        self._publisher.forget(key)
        self._was_whole.discard(key)
        self._failing.discard(key)
        self._converged.pop(key, None)
        uid = self._uids.pop(key, None)
        if uid is not None:
            self._applier.forget(uid)
            self._revisions.forget(uid)
            self._scaler.forget(uid)

    async def _converge(self, parent: Parent) -> Outcome:
        """Revision, then children; whatever stands in the way of one child keeps no other from being applied."""
        try:
            spec = read_spec(parent.spec, parent.name)
        except InvalidSpec as error:
            return Outcome(blocked=Blocked(Reason.INVALID_SPEC, str(error), FOLLOW_MESSAGE, stalled=True))
        try:
            if self._has_lost_children(parent):
                await self._confirm(parent)
            with judging(CONTROLLER_REVISION.kind):
                revision, template = await self._revisions.desired(parent, spec)
            exists = self._store.deployment_of(parent) is not None
            replicas = intended_replicas(spec, exists=exists)
            intents = desired_children(parent, spec, await self._held(parent, spec) or template, replicas)
            blocked = await self._apply(parent, spec, intents)
            children = frozenset((intent["kind"], intent["metadata"]["name"]) for intent in intents)
            return Outcome(spec, Desired.of(revision.name, template), blocked, children)
        except PlanError as error:
            return Outcome(spec, blocked=Blocked(error.reason, error.message, error.remedy, stalled=True))
        except Blocked as blocked:
            return Outcome(spec, blocked=blocked)
        except ApiError as error:
            if namespace_is_gone(error):
                raise Gone from error
            raise

    async def _held(self, parent: Parent, spec: ModelServiceSpec) -> Manifest | None:
        """The pod template that a paused rollout keeps: that of the revision that serves, if there is one.

        With the new template a paused Deployment that was scaled to zero would come back with whichever old ReplicaSet
        was made last.
        """
        if not spec.rollout.paused or not parent.serving_revision:
            return None
        return await self._revisions.template_of(parent, parent.serving_revision)

    async def _clean_up(self, parent: Parent, outcome: Outcome) -> None:
        """Delete what is no longer wanted. Where that fails the model serves all the same: it is tried again."""
        if outcome.spec is None or outcome.desired is None:
            return
        try:
            await self._applier.prune(parent, outcome.children)
            await self._revisions.prune(parent, outcome.spec, {outcome.desired.name, parent.serving_revision})
        except Blocked as refusal:
            raise refusal.__cause__ or refusal from None
        except ApiError as error:
            if not namespace_is_gone(error):
                raise

    def _has_lost_children(self, parent: Parent) -> bool:
        """Everything that it has was there once, and no longer is."""
        key = Key(parent.namespace, parent.name)
        family = self._store.family(key)
        there = bool(family.revisions) and {("Deployment", key.name), ("Service", key.name)} <= family.children.keys()
        if there:
            self._was_whole.add(key)
        return not there and key in self._was_whole

    async def _confirm(self, parent: Parent) -> None:
        """Ask the API server whether the ModelService is still there.

        A deletion that no watch told of leaves a ghost in the store, whose children the garbage collector takes away
        as often as they are made.
        """
        live = await self._client.get(MODEL_SERVICE, parent.namespace, parent.name)
        if live is None or live["metadata"]["uid"] != parent.uid:
            self._store.forget(MODEL_SERVICE.kind, parent.namespace, parent.name, parent.uid)
            raise Gone
        if "deletionTimestamp" in live["metadata"]:
            self._store.upsert(live)
            raise Gone

    def _existed(self, parent: Parent, intent: Manifest) -> bool:
        """When all was as it should be, as it last was, there was such a child."""
        known = self._converged.get(Key(parent.namespace, parent.name))
        return known is not None and (intent["kind"], intent["metadata"]["name"]) in known[1].children

    def _is_going(self, parent: Parent) -> bool:
        """While it was worked on, it was deleted."""
        known = self._store.family_of(parent).parent
        return known is None or known.uid != parent.uid or known.deleting

    async def _apply(self, parent: Parent, spec: ModelServiceSpec, intents: list[Manifest]) -> Blocked | None:
        blocked: Blocked | None = None
        passing: ApiError | None = None
        for intent in intents:
            if self._is_going(parent):
                raise Gone
            try:
                if intent["kind"] == DEPLOYMENT.kind:
                    await self._deploy(parent, spec, intent)
                else:
                    await self._applier.ensure(parent, intent, existed=self._existed(parent, intent))
            except Blocked as error:
                blocked = blocked or (error if spec.pod_template is None else of_pod_template(error, intent))
            except ApiError as error:
                if namespace_is_gone(error):
                    raise
                passing = passing or error
        if passing is not None:
            raise passing
        return blocked

    async def _deploy(self, parent: Parent, spec: ModelServiceSpec, intent: Manifest) -> None:
        """The Deployment. Whoever says how many replicas there are must have let go, or taken over, before."""
        if spec.scaling is None:
            await self._applier.prune(parent, (), kinds={AUTOSCALER.kind})
        else:
            await self._scaler.settle(parent, spec)
        created = await self._applier.ensure(parent, intent, existed=self._existed(parent, intent))
        if created or spec.scaling is None:
            await self._scaler.settle(parent, spec, created=created)
