"""Whose an object is, seen from a ModelService. Labels are never proof; the uid of the controller is."""

from enum import Enum, auto

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.child import Controller, controller_of
from modelservice_operator.records.parent import Parent


class Relation(Enum):
    """Whose a child is."""

    OURS = auto()
    ORPHAN = auto()
    """With our labels and no controller: restored from a backup, or left by `--cascade=orphan`. It is adopted."""
    PREDECESSOR = auto()
    """Of a ModelService of the same name that is gone: the garbage collector will delete it."""
    FOREIGN = auto()


def relation(parent: Parent, controller: Controller | None, *, labelled: bool) -> Relation:
    """Whose an object with this controller is; `labelled` says that it carries our labels for this ModelService."""
    if controller is None:
        return Relation.ORPHAN if labelled else Relation.FOREIGN
    if controller.uid == parent.uid:
        return Relation.OURS
    if controller.ours and controller.name == parent.name:
        return Relation.PREDECESSOR
    return Relation.FOREIGN


def live_relation(parent: Parent, manifest: Manifest) -> Relation:
    """Whose an object is, as just read from the API server."""
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    labelled = labels.get(names.MANAGED_BY) == names.FIELD_MANAGER and labels.get(names.NAME) == parent.name
    return relation(parent, controller_of(metadata), labelled=labelled)
