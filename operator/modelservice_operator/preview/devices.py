"""How many accelerators a change needs: before, at most meanwhile, and afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Counts: TypeAlias = Mapping[str, int]
"""Devices by extended resource, such as `nvidia.com/gpu`."""


@dataclass(frozen=True, slots=True)
class Change:
    """How many pods there are and shall be, and what one of each kind holds."""

    pods: int
    wanted: int
    old: Counts
    """What a pod holds now."""
    new: Counts
    """What a pod will hold."""
    replaced: bool
    """Each old pod gives way to a new one."""
    surge: bool
    """For that, one pod more is started."""
    late: bool = False
    """The number wanted comes from an autoscaler, a moment after the exchange has begun."""

    @property
    def now(self) -> Counts:
        """What all pods hold."""
        return _counts({name: self.pods * count for name, count in self.old.items()})

    @property
    def after(self) -> Counts:
        """What all pods will hold."""
        return _counts({name: self.wanted * count for name, count in self.new.items()})

    @property
    def peak(self) -> Counts:
        """The most that is needed at any moment.

        The Deployment controller first brings the old pods to the new number, if there are any, and then exchanges them
        one by one: in between there are so many of each that the total is the number wanted, or one more with surge.
        What a mixture holds lies between its extremes. An autoscaler is late by one pod of the exchange.
        """
        mixed = [(self.pods, 0), (0, self.wanted)]
        if self.replaced and self.pods and self.wanted:
            mixed.append((self.wanted, 0))
            mixed += [(self.wanted, 1), (1, self.wanted)] if self.surge else []
            if self.late:
                mixed.append((self.pods if self.surge else self.pods - 1, 1))
        return self._most(mixed)

    def at_most(self, pods: int) -> Counts:
        """What so many new pods hold, as an autoscaler may want them."""
        return self._most([(0, pods)])

    def _most(self, mixed: list[tuple[int, int]]) -> Counts:
        names = self.old.keys() | self.new.keys()
        return _counts(
            {
                name: max(old * self.old.get(name, 0) + new * self.new.get(name, 0) for old, new in mixed)
                for name in names
            }
        )


def _counts(counts: Counts) -> Counts:
    return {name: count for name, count in sorted(counts.items()) if count}
