"""An outlook for machines."""

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.children import Child
from modelservice_operator.preview.outlook import Outlook
from modelservice_operator.preview.text import child_diff, object_diff, said


def as_json(found: Outlook) -> Manifest:
    """What it says, with the diff of each object as a text."""
    metadata = found.after["metadata"]
    return {
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "changes": found.changes,
        "new": found.before is None,
        "diff": "\n".join(object_diff(found.before, found.after)),
        "children": list(map(_child, found.children)),
        "revision": {"name": found.revision, "stored": found.stored} if found.revision else None,
        "pods": _pods(found),
        "accelerators": _accelerators(found),
        "problems": said(found, found.problems),
        "notes": said(found, found.notes),
    }


def _child(child: Child) -> Manifest:
    return {"kind": child.kind, "name": child.name, "action": child.action, "diff": "\n".join(child_diff(child))}


def _pods(found: Outlook) -> Manifest | None:
    if found.pods is None:
        return None
    pods = found.pods
    return {
        "now": pods.before,
        "then": pods.after,
        "replaced": pods.replaced,
        "waits": pods.waits,
        "strategy": pods.strategy,
    }


def _accelerators(found: Outlook) -> Manifest | None:
    devices = found.devices
    if devices is None:
        return None
    most = {} if found.most_pods is None else {"most": devices.at_most(found.most_pods)}
    return {"now": devices.now, "peak": devices.peak, "then": devices.after, **most}
