"""What the scheduler says when no node takes a pod."""

import re
from dataclasses import dataclass
from typing import Final

_HEAD: Final = re.compile(r"^0/(\d{1,9}) nodes are available: ?")
_TAIL: Final = re.compile(r"\. .*| preemption: .*|\.$", re.DOTALL)
"""What follows is about preemption and claims to deallocate, and explains nothing."""
_COUNT: Final = re.compile(r"(?:^|, )(\d{1,9}) (.+?)(?=, \d{1,9} |$)")
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """The scheduler's reasons, node by node."""

    nodes: int
    """How many nodes it knows."""
    counts: tuple[tuple[str, int], ...]
    """On how many nodes each reason holds, most first; one node may have several."""
    general: str
    """A reason that holds for the pod as a whole; empty where the reasons are those of nodes."""

    def insufficient(self, resource: str) -> int:
        """On how many nodes there is not enough of a resource."""
        return dict(self.counts).get(f"Insufficient {resource}", 0)

    def saying(self, pattern: re.Pattern[str]) -> list[tuple[str, int]]:
        """The reasons that the pattern is found in, each with on how many nodes it holds, most first."""
        found = [(reason, count) for reason, count in self.counts if pattern.search(reason)]
        return found or ([(self.general, self.nodes)] if self.general and pattern.search(self.general) else [])

    def digest(self, first: re.Pattern[str] | None = None) -> str:
        """The reasons that most nodes give, in one line; those that `first` is found in come before the others."""
        if not self.counts:
            return self.general
        counts = self.counts
        if first is not None:
            counts = tuple(sorted(counts, key=lambda each: first.search(each[0]) is None))
        return "; ".join(self.on(reason, count) for reason, count in counts[:_SHOWN])

    def on(self, reason: str, count: int) -> str:
        """One reason and on how many nodes it holds."""
        share = f"{count} of {self.nodes} nodes"
        return f"{share}{reason.removeprefix('node(s)')}" if reason.startswith("node(s) ") else f"{share}: {reason}"


def read_verdict(message: str) -> Verdict:
    """Take the message of `PodScheduled=False` apart.

    Old and new spellings are understood (`untolerated taint {key: value}` and `untolerated taint(s)`), since they are
    passed on as they are. The form is that of `FitError` in k8s.io/kube-scheduler. A message of another form is a
    general reason as a whole.
    """
    head = _HEAD.match(message)
    if head is None:
        return Verdict(0, (), message)
    body = _TAIL.sub("", message[head.end() :], count=1)
    if not body[:1].isdigit():
        return Verdict(int(head[1]), (), body)
    counts: dict[str, int] = {}
    for count, reason in _COUNT.findall(body):
        counts[reason] = counts.get(reason, 0) + int(count)
    return Verdict(int(head[1]), tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))), "")
