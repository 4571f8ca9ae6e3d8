"""Which namespaces an operator works in, where several share a cluster. Pure.

A Lease in a namespace names the one that works there. It belongs to whoever installed that one, and goes when that is
uninstalled: nobody renews it, and it does not expire, or a tenant's models would change hands with each hiccup.
An operator for all namespaces works where nobody is named, one for given namespaces where it is named itself.

Whoever has to leave a namespace leaves at once, and whoever may begin waits for `HANDOVER`, so that the other has left.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from modelservice_operator.plan import names
from modelservice_operator.records.claim import Claim

logger = logging.getLogger(__name__)

HANDOVER: Final = 10.0
"""Seconds: far longer than a watch takes to tell."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who works in a namespace."""

    holder: str
    """Empty where nobody is named."""
    since: float
    """On the monotonic clock; in the past where it was so before we looked."""


NOBODY: Final = Tenure("", float("-inf"))


class Tenancy:
    """The Leases that were seen, and what follows from them."""

    def __init__(
        self,
        holder: str,
        namespaces: Collection[str],
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        """Prepare.

        Args:
            holder: who has to be named for us to work in a namespace; empty: nobody may be.
            namespaces: those that we serve; empty means all.
            clock: monotonic, in seconds.
            now: the time, to compare with when a Lease was made.
        """
        self._holder = holder
        self._namespaces = namespaces
        self._clock, self._now = clock, now
        self._tenures: dict[str, Tenure] = {}
        self._watching = False

    def watching(self) -> None:
        """All Leases were listed: one that is seen from now on came, changed or went just now."""
        self._watching = True

    def take(self, claim: Claim, *, gone: bool) -> None:
        """A Lease was seen, as it is now or as it was when it went."""
        holder = "" if gone else claim.holder
        if claim.name != names.NAMESPACE_LEASE or holder == self._tenures.get(claim.namespace, NOBODY).holder:
            return
        now = self._clock()
        age = 0.0 if self._watching or claim.namespace in self._tenures else self._age(claim)
        # Where nobody has been named for long it is as if nobody had ever been.
        self._tenures = {each: old for each, old in self._tenures.items() if old.holder or old.since + HANDOVER > now}
        self._tenures[claim.namespace] = Tenure(holder, now - age)
        wait = self.wait(claim.namespace)
        if wait is None:
            logger.warning("Namespace %s is left alone: %s.", claim.namespace, _whose(holder))
        else:
            logger.info("Namespace %s is looked after, %.0f s from now: %s.", claim.namespace, wait, _whose(holder))

    def wait(self, namespace: str) -> float | None:
        """Seconds until we may work in a namespace, 0 if we may now; None while we may not at all."""
        tenure = self._tenures.get(namespace, NOBODY)
        if tenure.holder != self._holder:
            return None
        return max(0.0, tenure.since + HANDOVER - self._clock())

    def serves(self, namespace: str) -> bool:
        """We may work there now."""
        return self.wait(namespace) == 0

    def named(self) -> list[tuple[str, str, bool]]:
        """Namespace, the holder of its Lease, and whether that is us; also those where we miss our name."""
        asked = {namespace: self._holder for namespace in self._namespaces if self._holder}
        held = {namespace: tenure.holder for namespace, tenure in self._tenures.items() if tenure.holder}
        return [(namespace, holder, self.serves(namespace)) for namespace, holder in sorted((asked | held).items())]

    def complaints(self) -> list[str]:
        """Where we are to work and may not."""
        return [
            f"nothing is done in namespace {namespace}: {_whose(self._tenures.get(namespace, NOBODY).holder)}, "
            f'and not "{self._holder}"'
            for namespace in self._namespaces
            if self.wait(namespace) is None
        ]

    def _age(self, claim: Claim) -> float:
        """How long the Lease has been there, at most as long as it matters."""
        try:
            age = (self._now() - datetime.fromisoformat(claim.created_at)).total_seconds()
        except (TypeError, ValueError):
            return 0.0
        return min(max(age, 0.0), HANDOVER)


def _whose(holder: str) -> str:
    named = f'names "{holder}"' if holder else "is not there or names nobody"
    return f"its Lease {names.NAMESPACE_LEASE} {named}"
