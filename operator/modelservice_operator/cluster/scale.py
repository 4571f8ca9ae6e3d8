"""The replicas of a Deployment that an autoscaler owns: handed over, stopped and brought back without a dip."""

import logging

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import judging
from modelservice_operator.cluster.store import Store
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.replicas import Scale, scale
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.parent import Parent

logger = logging.getLogger(__name__)


class Scaler:
    """Applies what `plan.replicas` says, as a field manager of its own."""

    def __init__(self, client: Client, store: Store) -> None:
        self._client = client
        self._store = store
        self._starting: set[str] = set()
        """uids of the ModelServices whose Deployment was made and has not got its number to start with."""

    def forget(self, uid: str) -> None:
        """The ModelService with this uid is gone."""
        self._starting.discard(uid)

    async def settle(self, parent: Parent, spec: ModelServiceSpec, *, created: bool = False) -> None:
        """Bring the replicas to what is wanted, where the intent of the Deployment does not hold them.

        `created` says that the Deployment was made a moment ago: no autoscaler can have written to it, only the
        Deployment controller. Else the count that is handed over must be the live one, and the write fails when the
        Deployment has changed meanwhile.

        Raises:
            Blocked: the API server, or a policy, refuses it.
            ApiError: worth a retry; 409 when an autoscaler was faster.
        """
        if created:
            self._starting.add(parent.uid)
        deployment = self._store.deployment_of(parent)
        starting = parent.uid in self._starting
        wanted = scale(spec, deployment, created=starting) if deployment is not None else None
        if deployment is None or wanted is None:
            self._starting.discard(parent.uid)
            return
        with judging("Deployment"):
            intent = _intent(deployment, wanted, bound=not created)
            answer, _ = await self._client.apply(intent, force=True, manager=names.SCALE_MANAGER)
        self._starting.discard(parent.uid)
        self._store.upsert(answer)
        if wanted.replicas is not None and wanted.replicas != deployment.wanted_replicas:
            logger.info("Scaled Deployment %s to %d.", deployment.name, wanted.replicas)


def _intent(deployment: Deployment, wanted: Scale, *, bound: bool) -> Manifest:
    """What the scale manager applies; `bound` to the version of the Deployment that is known."""
    metadata: Manifest = {
        "name": deployment.name,
        "namespace": deployment.namespace,
        "uid": deployment.uid,
    }
    if bound:
        metadata["resourceVersion"] = str(deployment.resource_version)
    if wanted.resume is not None:
        metadata["annotations"] = {names.RESUME_REPLICAS: str(wanted.resume)}
    spec = {} if wanted.replicas is None else {"replicas": wanted.replicas}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
