"""What is wrong with pods that someone printed or recorded, without an operator and without a cluster."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from modelservice_operator.accelerators.catalogue import BY_VENDOR
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.creation import pods_refused
from modelservice_operator.diagnose.node import evicted
from modelservice_operator.diagnose.precedence import first_finding
from modelservice_operator.diagnose.problem import Problem, fold
from modelservice_operator.diagnose.remains import is_remains, telling
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.fields import items, section, text
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import pod_event

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_FUTURE: Final = "deletionTimestamp"
"""The only time in a pod that may lie ahead: when its grace period ends."""


class NothingToDiagnose(ValueError):
    """The objects are no pods, nor anything that may stand beside them; the message says what they are."""


@dataclass(slots=True)
class Objects:
    """Pods, and what was printed beside them."""

    pods: list[Manifest] = field(default_factory=list)
    deployments: list[Manifest] = field(default_factory=list)
    nodes: list[Manifest] = field(default_factory=list)
    events: list[Manifest] = field(default_factory=list)

    def add(self, document: object) -> None:
        """Take in one document: a Pod, an object that may stand beside it, a List of them, or a recording.

        Beside pods may stand Events about them, Nodes, and Deployments, which tell why there are no pods. A recording
        has the pod as `final` and the Events about it as `events`.

        Raises:
            NothingToDiagnose: it is none of these. What else stands in a List is passed over.
        """
        if not isinstance(document, dict):
            raise NothingToDiagnose("is no Kubernetes object: pass what kubectl get pods -o json prints")
        kind = text(document, "kind")
        if isinstance(document.get("final"), dict):
            self.pods.append(section(document, "final"))
            self.events += [_regarding(event, section(document, "final")) for event in items(document, "events")]
        elif kind.endswith("List"):
            for item in items(document, "items"):
                self._sort(text(item, "kind") or kind.removesuffix("List"), item)
        elif not self._sort(kind, document):
            raise NothingToDiagnose(
                f"is {kind or 'an object without a kind'}: pass Pods, as kubectl get pods -o json prints them"
            )

    def _sort(self, kind: str, manifest: Manifest) -> bool:
        place = {
            "Pod": self.pods,
            "Deployment": self.deployments,
            "Node": self.nodes,
            "Event": self.events,
        }.get(kind)
        if place is not None:
            place.append(manifest)
        return place is not None


def examine(objects: Objects) -> tuple[Problem, ...]:
    """What is wrong with the pods, worst first; empty when they are healthy or merely take their time.

    They are judged as of the last point in time that they tell of: a recording stays what it was.
    """
    now = _last_moment(objects)
    nodes = {node.name: node for node in map(Node.from_manifest, objects.nodes)}
    pods = [pod for pod in _with_events(objects) if pod.phase != "Succeeded" or evicted(pod)]
    live = [pod for pod in pods if not is_remains(pod) and not pod.deleting]
    counting = [*live, *telling((pod for pod in pods if is_remains(pod)), live)]
    found = [
        *(first_finding(pod, _spec(pod), nodes, now) for pod in counting),
        *(pods_refused(Deployment.from_manifest(manifest)) for manifest in objects.deployments),
    ]
    # Of pods of several services only those are one problem of which the same is said.
    findings = [
        replace(finding, cause=(*finding.cause, finding.need, finding.detail))
        for finding in found
        if finding is not None
    ]
    absent = sum(finding.pods for finding in findings if not finding.pod)
    return fold(findings, len(counting) + absent, most=None)


def _with_events(objects: Objects) -> Iterator[Pod]:
    """The pods, each with the events about it: by name, and by uid where the event has one.

    A pod that does not tell its name or namespace gets a word in its place, as the commands of remedies have both.
    """
    events: dict[tuple[str, str], list[Manifest]] = {}
    for event in objects.events:
        regarding = section(event, "involvedObject") or section(event, "regarding")
        if text(regarding, "kind") in ("Pod", ""):
            events.setdefault((text(regarding, "namespace"), text(regarding, "name")), []).append(event)
    for manifest in objects.pods:
        pod = Pod.from_manifest(manifest)
        about = (event for event in events.get((pod.namespace, pod.name), ()) if _uid(event) in ("", pod.uid))
        yield replace(
            pod,
            events=tuple(map(pod_event, about)),
            namespace=pod.namespace or "NAMESPACE",
            name=pod.name or "POD",
        )


def _uid(event: Manifest) -> str:
    return text(section(event, "involvedObject") or section(event, "regarding"), "uid")


def _regarding(event: Manifest, pod: Manifest) -> Manifest:
    """An event of a recording, which has those of its one pod."""
    metadata = section(pod, "metadata")
    reference = {key: metadata[key] for key in ("namespace", "name", "uid") if key in metadata}
    return {**event, "involvedObject": {"kind": "Pod", **section(event, "involvedObject"), **reference}}


def _spec(pod: Pod) -> ModelServiceSpec:
    """As far as the pod tells what was asked for: its devices, which remedies speak of as spec.accelerator."""
    resources = dict(pod.devices)
    vendor = next((vendor.name for vendor in BY_VENDOR.values() if vendor.resource in resources), None)
    return ModelServiceSpec.model_validate({"accelerator": {"vendor": vendor}} if vendor else {})


def _last_moment(objects: Objects) -> str:
    found = (moment for part in (objects.pods, objects.events, objects.nodes) for moment in _moments(part))
    return max(found, default="")


def _moments(part: object) -> Iterable[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key != _FUTURE:
                yield from _moments(value)
    elif isinstance(part, list):
        for value in part:
            yield from _moments(value)
    elif isinstance(part, str) and _MOMENT.fullmatch(part):
        yield part
