"""When each watch was last heard of. A stream can die without a word; then readiness must say so. Pure."""

from collections.abc import Callable


class Freshness:
    """Signs of life per resource: a request that succeeded, or an event. `clock` is monotonic, in seconds."""

    def __init__(self, limit: float, *, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._missing: set[str] = set()

    def expect(self, resource: str) -> None:
        """From now on signs of life have to come."""
        self._seen[resource] = self._clock()

    def saw(self, resource: str) -> None:
        """A sign of life."""
        self._seen[resource] = self._clock()
        self._missing.discard(resource)

    def missing(self, resource: str) -> None:
        """The API server does not serve this kind, until the next sign of life."""
        self._missing.add(resource)

    def ages(self) -> dict[str, float]:
        """Seconds since the last sign of life, by resource."""
        now = self._clock()
        return {resource: now - seen for resource, seen in self._seen.items()}

    def silent(self) -> list[str]:
        """Complaints about resources that are not served, or were not heard of for longer than the limit."""
        unserved = [f"the API server does not serve {resource}: install the CRD" for resource in sorted(self._missing)]
        return unserved + [f"the watch of {resource} has been silent for {age:.0f} s" for resource, age in self.dead()]

    def dead(self) -> list[tuple[str, float]]:
        """Resources that are served and were not heard of for longer than the limit, each with that time in seconds."""
        return [
            (resource, age)
            for resource, age in sorted(self.ages().items())
            if age > self._limit and resource not in self._missing
        ]
