"""What Flux, and Helm 4 with --wait=watcher, make of an object: the rules of kstatus."""

from modelservice_operator.manifest import Manifest


def kstatus(live: Manifest) -> str:
    """The first rule that holds: Terminating, InProgress, Failed, or Current, also where nothing is said."""
    status = live.get("status", {})
    verdicts = {condition["type"]: condition["status"] for condition in status.get("conditions", ())}
    if "deletionTimestamp" in live["metadata"]:
        return "Terminating"
    if status.get("observedGeneration", live["metadata"]["generation"]) != live["metadata"]["generation"]:
        return "InProgress"
    if verdicts.get("Reconciling") == "True":
        return "InProgress"
    if verdicts.get("Stalled") == "True":
        return "Failed"
    return "Current" if verdicts.get("Ready", "True") == "True" else "InProgress"
