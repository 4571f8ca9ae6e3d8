"""Which policy has the word about a pod: an explicit order of precedence."""

from collections.abc import Mapping

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose import (
    candidates,
    configuration,
    image,
    node,
    output,
    probes,
    process,
    scheduling,
    shortage,
    waits,
)
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.plan.devices import resource_name
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod


def first_finding(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node], now: str) -> Finding | None:
    """The answer of the first policy that has one; None while nothing is wrong.

    A policy may rely on those before it having passed:

    1. If the node is lost, everything else that the pod says is old.
    2. Why a pod ended as a whole says more than how its containers went down with it.
    3. Where no node took the pod, there are no containers yet. The scheduler is asked for the most particular first.
    4. A container that lacks its image or its configuration cannot run whatever the others do.
    5. What the kernel or the container runtime says of an end says more than what the process printed, and that
       says more than the exit code.
    """
    if pod.deleting:
        return node.preempted(pod) or node.node_lost(pod, nodes, now)
    if pod.phase == "Succeeded":
        return node.evicted(pod)
    return (
        node.node_lost(pod, nodes, now)
        or node.shut_down(pod)
        or node.preempted(pod)
        or node.evicted(pod)
        or node.rejected(pod, resource_name(spec.accelerator) if spec.accelerator is not None else None)
        or scheduling.unattended(pod, now)
        or _unplaced(pod, spec, nodes)
        or waits.volume_unmountable(pod)
        or waits.sandbox_failing(pod)
        or image.image_unavailable(pod)
        or configuration.reference_missing(pod, now)
        or configuration.runs_as_root(pod, now)
        or configuration.command_not_found(pod, now)
        or configuration.container_refused(pod, now)
        or node.device_unhealthy(pod)
        or process.out_of_memory(pod, now)
        or output.recognised(pod, now)
        or probes.port_mismatch(pod, now)
        or probes.startup_too_slow(pod, now)
        or probes.liveness_failed(pod, now)
        or output.guessed(pod, now)
        or process.crash_looping(pod, now)
        or process.restarting(pod)
        or probes.not_ready(pod)
    )


def _unplaced(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """Why no node takes a pod.

    The scheduler says of each node the first filter that it failed: cordons, taints, labels, resources, volumes, spread
    and claims, in this order. So the later ones speak of nodes that fit best, and go first here, but for shortages of
    devices that are certain.
    """
    if pod.unscheduled is None or scheduling.is_passing(pod.unscheduled):
        return None
    return (
        scheduling.gated(pod)
        or scheduling.claim_unusable(pod)
        or scheduling.device_claim_pending(pod)
        or scheduling.topology_unsatisfiable(pod)
        or scheduling.volume_out_of_reach(pod)
        or shortage.accelerators_insufficient(pod, spec, nodes)
        # Where the nodes are not known, those that lack devices are as likely to be meant as any others.
        or (shortage.accelerators_scarce(pod, spec) if not nodes else None)
        or shortage.resources_insufficient(pod, nodes)
        or scheduling.too_many_pods(pod)
        or candidates.no_matching_node(pod, spec, nodes)
        or candidates.nodes_cordoned(pod, nodes)
        or candidates.untolerated_taint(pod, nodes)
        or shortage.accelerators_scarce(pod, spec)
        or scheduling.unschedulable(pod)
    )
