"""An outlook as text: what happens in a few lines, and below it what changes in each object, as a diff."""

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import Final

from modelservice_operator.documents import write_documents
from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.children import Action, Child
from modelservice_operator.preview.outlook import Outlook, Pods
from modelservice_operator.preview.secrets import told, without_secrets
from modelservice_operator.report.problems import wrapped
from modelservice_operator.terminal import Colour, Paint, plain

_DONE: Final[dict[Action, str]] = {
    "create": "created",
    "change": "changed",
    "adopt": "adopted",
    "delete": "deleted",
    "keep": "unchanged",
    "blocked": "in the way",
    "unknown": "unknown",
}
_COLOURS: Final[dict[str, Colour]] = {"+": "green", "-": "red", "@": "yellow"}
_COLUMN: Final = 14


def outlook_text(found: Outlook, width: int, paint: Paint = plain) -> str:
    """The whole of it, without a line break at the end."""
    lines = [paint(_headline(found), "yellow" if found.changes else "green")]
    for name, fact in _facts(found).items() if found.changes else ():
        if fact:
            lines += wrapped(fact, width, f"  {name:<{_COLUMN}}", " " * (_COLUMN + 2))
    for problem in said(found, found.problems):
        lines += [paint(line, "red") for line in wrapped(f"Problem: {problem}", width, "  ", "    ")]
    for note in said(found, found.notes):
        lines += wrapped(f"Note: {note}", width, "  ", "    ")
    changes = [_painted(line, paint) for change in diffs(found) for line in ("", *change)]
    return "\n".join([*lines, *changes])


def said(found: Outlook, sentences: Iterable[str]) -> list[str]:
    """Sentences on what is foreseen, without its secrets: the API server quotes what it refuses."""
    parts = [part for child in found.children for part in (child.before, child.after)]
    return [told(sentence, (found.before, found.after, *parts)) for sentence in sentences]


def diffs(found: Outlook) -> Iterator[list[str]]:
    """What changes in each object, as the lines of a unified diff of its YAML.

    That of a new ModelService is left out: it stands in the file.
    """
    own = [object_diff(found.before, found.after)] if found.before is not None else []
    yield from filter(None, [*own, *map(child_diff, found.children)])


def child_diff(child: Child) -> list[str]:
    """What changes in a child; empty if nothing is known to."""
    return object_diff(child.before, child.after) if child.changes else []


def object_diff(before: Manifest | None, after: Manifest | None) -> list[str]:
    """Two versions of an object as the lines of a unified diff, without secrets; None where it is not there."""
    there = before or after or {}
    metadata = there["metadata"]
    name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    old, new = without_secrets(before or {}, after or {})
    title = f"{there['kind']} {name}"
    return list(unified_diff(_yaml(old), _yaml(new), f"{title} now", f"{title} then", lineterm=""))


def _yaml(manifest: Manifest) -> list[str]:
    return write_documents([_sorted(manifest)]).splitlines() if manifest else []


def _sorted(value: Manifest) -> Manifest:
    return {key: _sorted_part(value[key]) for key in sorted(value)}


def _sorted_part(value: object) -> object:
    if isinstance(value, dict):
        return _sorted(value)
    return [_sorted_part(item) for item in value] if isinstance(value, list) else value


def _painted(line: str, paint: Paint) -> str:
    colour = _COLOURS.get(line[:1])
    return paint(line, colour) if colour else line


def _headline(found: Outlook) -> str:
    metadata = found.after["metadata"]
    name = f"ModelService {metadata['namespace']}/{metadata['name']}"
    if found.before is None:
        return f"{name} is new."
    if found.before != found.after:
        return f"{name} changes."
    return f"{name} does not change, but its children do." if found.changes else f"{name} does not change."


def _facts(found: Outlook) -> dict[str, str]:
    new = found.revision and not found.stored
    return {
        "Children": ", ".join(f"{each.kind} {_DONE[each.action]}" for each in found.children if each.action != "keep"),
        "Revision": f"{found.revision}, which is new" if new else "",
        "Pods": _pods(found.pods) if found.pods is not None else "",
        "Accelerators": _accelerators(found),
    }


def _pods(pods: Pods) -> str:
    told = [_number(pods)]
    if pods.replaced:
        told.append(f"all restart: {_exchange(pods)}")
    elif pods.before and pods.after:
        told.append("none restarts")
    if pods.waits:
        told.append("the new revision waits until spec.rollout.paused is false")
    return "; ".join(told)


def _number(pods: Pods) -> str:
    if pods.before == pods.after:
        return f"{pods.after or 'none'} as before"
    if pods.after == 0:
        return f"{pods.before} {_are(pods.before)} stopped"
    if pods.before == 0:
        return f"{pods.after} {_are(pods.after)} started"
    return f"{pods.before} become {pods.after}"


def _exchange(pods: Pods) -> str:
    if pods.strategy == "Surge":
        return "an old one stops once a new one serves"
    rest = f"{pods.after - 1} of {pods.after} serve" if pods.after > 1 else "none serves"
    return f"an old one stops before a new one starts, and {rest} meanwhile"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _accelerators(found: Outlook) -> str:
    devices = found.devices
    if devices is None:
        return ""
    most = devices.at_most(found.most_pods) if found.most_pods is not None else {}
    kinds = [
        _of_a_kind(name, devices.now.get(name, 0), peak, devices.after.get(name, 0), most.get(name))
        for name, peak in devices.peak.items()
    ]
    return "; ".join(kinds)


def _of_a_kind(name: str, now: int, peak: int, after: int, most: int | None) -> str:
    same = now == peak == after
    told = f"{now} {name} as before" if same else f"{now} {name} now, {peak} at most meanwhile, {after} afterwards"
    return told if most is None else f"{told}, {most} if the autoscaler asks for as many pods as it may"
