"""Leader election over a Lease: of several operator processes one works, the others stand by.

The algorithm is that of client-go's leaderelection: wall clocks are written for people and never compared. A Lease has
expired when its record has not changed for `leaseDurationSeconds` on the reader's own monotonic clock, and every write
carries the resourceVersion that was read, so of two that try only one succeeds.
"""

import asyncio
import logging
import random
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from modelservice_operator.cluster.errors import ApiError
from modelservice_operator.manifest import Manifest
from modelservice_operator.settings import Settings

logger = logging.getLogger(__name__)

LEASE: Final = "modelservice-operator"
RELEASE_PATIENCE: Final = 5.0
"""Seconds that giving the Lease back may take at shutdown; after that it expires by itself."""


class LeaseClient(Protocol):
    """The part of the API client that election needs."""

    async def request(self, method: str, path: str, *, body: Manifest | None = None) -> Manifest:
        """One request; raises ApiError for an error answer, and other exceptions when no answer came."""
        ...


class LeadershipLost(Exception):
    """The Lease was not renewed in time, or is held by another: stop working at once."""


class Elector:
    """One candidate. `acquire`, then `hold` for as long as the work goes on, then `release`.

    After a clean stop a standby leads within `retry_period`, after a crash within `lease_duration` and one
    `retry_period` of the last renewal. A leader that cannot renew stops leading after `renew_deadline`, before any
    standby may begin.
    """

    def __init__(
        self,
        client: LeaseClient,
        settings: Settings,
        *,
        identity: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Prepare; nothing is requested yet.

        Args:
            client: sends the requests.
            settings: namespace of the Lease, its duration and periods.
            identity: of this candidate, unique; host name and a random part when not given.
            clock: monotonic, in seconds.
            now: the time to write into the Lease.
            sleep: waits for seconds.
            jitter: a random number from 0 to 1.
        """
        self.identity = identity or f"{socket.gethostname()}_{uuid.uuid4()}"
        self._client = client
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{settings.leader_election_namespace}/leases"
        self._lease_name = f"{settings.leader_election_namespace}/{LEASE}"
        self._lease_duration = settings.lease_duration
        self._renew_deadline = settings.renew_deadline
        self._retry_period = settings.retry_period
        self._clock, self._now, self._sleep, self._jitter = clock, now, sleep, jitter
        self._renewed: float | None = None
        self._written: Manifest | None = None
        self._record: Manifest = {}
        self._record_changed = 0.0
        self._complaint = ""

    @property
    def leading(self) -> bool:
        """This process holds the Lease and renewed it within the deadline. At most one process can say so at a time."""
        return self._time_left() > 0

    async def acquire(self) -> None:
        """Return once this process leads. Never fails: an API server that does not answer is asked again."""
        while not await self._try(self._renew_deadline):
            expiry = self._until_expiry()
            await self._sleep(min(self._pause(), expiry) if expiry > 0 else self._pause())
        logger.info("Leading: holding the Lease %s as %s.", self._lease_name, self.identity)

    async def hold(self) -> None:
        """Renew the Lease; does not return.

        Raises:
            LeadershipLost: it was not renewed within the deadline, or another took it.
        """
        while self.leading:
            await self._sleep(min(self._pause(), self._time_left()))
            # On a connection that is dead without anybody having been told, the first try waits in vain.
            patience = min(self._time_left(), self._renew_deadline / 2)
            if self.leading and not await self._try(patience) and self._holder() not in {"", self.identity}:
                self._renewed = None
                raise LeadershipLost(f"the Lease {self._lease_name} is now held by {self._holder()}")
        raise LeadershipLost(f"the Lease {self._lease_name} could not be renewed for {self._renew_deadline:g} s")

    async def release(self) -> None:
        """Give the Lease back, so that a standby need not wait for it to expire. All work must have ended before.

        Does nothing unless this process leads. Never fails: at worst the Lease expires.
        """
        if not self.leading:
            return
        self._renewed = self._written = None
        try:
            async with asyncio.timeout(RELEASE_PATIENCE):
                lease = await self._read()
                if lease is not None and self._holder() == self.identity:
                    spec = lease["spec"] | {"holderIdentity": "", "renewTime": micro_time(self._now())}
                    await self._client.request("PUT", f"{self._collection}/{LEASE}", body=lease | {"spec": spec})
                    logger.info("Gave the Lease %s back.", self._lease_name)
        except Exception as error:
            logger.warning("The Lease %s was not given back, it will expire: %s", self._lease_name, _line(error))

    async def _try(self, patience: float) -> bool:
        """Take or renew the Lease; whatever goes wrong, or takes too long, means that it was not renewed."""
        try:
            async with asyncio.timeout(patience):
                claimed = await self._claim()
        except Exception as error:
            lost_race = isinstance(error, ApiError) and error.status == 409
            if not lost_race and _line(error) != self._complaint:
                self._complaint = _line(error)
                logger.warning("The Lease %s is neither taken nor renewed: %s", self._lease_name, self._complaint)
            return False
        self._complaint = ""
        return claimed

    async def _claim(self) -> bool:
        """Write the Lease if it is ours, free or expired; False when another holds it."""
        # What the server has is unknown until the answer to the write is here; without one it is read again.
        lease, self._written = self._written, None
        if lease is None:
            lease = await self._read()
            if self._until_expiry() > 0:
                return False
        asked = self._clock()
        answer = await self._write(lease)
        self._observe(answer)
        self._written, self._renewed = answer, asked
        return True

    async def _read(self) -> Manifest | None:
        """The Lease as it is now; None where there is none."""
        try:
            lease = await self._client.request("GET", f"{self._collection}/{LEASE}")
        except ApiError as error:
            if error.status != 404:
                raise
            self._observe({})
            return None
        self._observe(lease)
        return lease

    async def _write(self, lease: Manifest | None) -> Manifest:
        now = micro_time(self._now())
        spec: Manifest = dict((lease or {}).get("spec") or {})
        if spec.get("holderIdentity") != self.identity:
            transitions = 0 if lease is None else int(spec.get("leaseTransitions") or 0) + 1
            spec |= {"holderIdentity": self.identity, "acquireTime": now, "leaseTransitions": transitions}
        spec |= {"leaseDurationSeconds": self._lease_duration, "renewTime": now}
        if lease is not None:
            return await self._client.request("PUT", f"{self._collection}/{LEASE}", body=lease | {"spec": spec})
        body: Manifest = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": LEASE},
            "spec": spec,
        }
        return await self._client.request("POST", self._collection, body=body)

    def _observe(self, lease: Manifest) -> None:
        """Remember the record, and since when it is as it is."""
        record = lease.get("spec") or {}
        if record != self._record:
            self._record, self._record_changed = record, self._clock()

    def _holder(self) -> str:
        return self._record.get("holderIdentity") or ""

    def _until_expiry(self) -> float:
        """Seconds until the Lease that another holds expires; 0 or less when it is ours, free or expired."""
        if self._holder() in {"", self.identity}:
            return 0.0
        duration = self._record.get("leaseDurationSeconds") or self._lease_duration
        return self._record_changed + float(duration) - self._clock()

    def _time_left(self) -> float:
        """Seconds left without a renewal, counted from the moment before the last one was asked for."""
        return 0.0 if self._renewed is None else max(0.0, self._renewed + self._renew_deadline - self._clock())

    def _pause(self) -> float:
        """Somewhat less than the retry period, so that candidates do not stay in step."""
        return self._retry_period * (0.8 + 0.2 * self._jitter())


def micro_time(moment: datetime) -> str:
    """Kubernetes' MicroTime: RFC 3339 in UTC with exactly six digits, or Go's parser refuses it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(error: Exception) -> str:
    return str(error) or type(error).__name__
