"""Why a ModelService is not as it should be: every policy, put to every pod that counts."""

from collections.abc import Iterable, Mapping

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose import (
    candidates,
    configuration,
    creation,
    image,
    node,
    output,
    probes,
    process,
    rollout,
    scheduling,
    shortage,
    waits,
)
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.problem import Problem, fold
from modelservice_operator.diagnose.remains import is_remains, telling
from modelservice_operator.plan.devices import resource_name
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod


def explain(
    spec: ModelServiceSpec,
    pods: Iterable[Pod],
    deployment: Deployment | None,
    nodes: Mapping[str, Node],
    now: str,
) -> tuple[Problem, ...]:
    """What is wrong, worst first, at most 10 problems; empty while all is well or merely takes its time.

    Args:
        spec: what was asked for; remedies name its fields.
        pods: everything that carries the service's label, in any order.
        deployment: the service's Deployment; None before it exists.
        nodes: all nodes by name; empty where the operator may not read them.
        now: RFC 3339. It matters only for a container without probes that has crashed before: whether it has been up
            for long enough since. Nothing in the answer moves with it otherwise.
    """
    if deployment is not None and deployment.wanted_replicas == 0:
        return ()
    everything = list(pods)
    counting = _counting(everything, deployment)
    wanted = deployment.wanted_replicas if deployment is not None else max(1, len(counting))
    findings = [finding for pod in counting if (finding := _first(pod, spec, nodes, now))]
    if deployment is not None:
        refused = creation.pods_refused(deployment)
        findings += [refused] if refused is not None else []
        consequences = (
            rollout.blocked(deployment, everything, findings) if spec.rollout.strategy == "Surge" else None,
            # A pod with a finding may go to and fro between two states: where it stands is told of the others alone.
            rollout.deadline_exceeded(deployment, () if findings else counting),
        )
        findings += filter(None, consequences)
    return fold(findings, wanted)


def _first(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node], now: str) -> Finding | None:
    """The answer of the first policy that has one. A policy may rely on those before it having passed.

    1. If the node is lost, everything else that the pod says is old.
    2. Why a pod ended as a whole says more than how its containers went down with it.
    3. Where no node took the pod, there are no containers yet. The scheduler is asked for the most particular first.
    4. A container that lacks its image or its configuration cannot run whatever the others do.
    5. What the kernel or the container runtime says of an end says more than what the process printed, and that
       says more than the exit code.
    """
    if pod.deleting:
        return node.preempted(pod) or node.node_lost(pod, nodes)
    return (
        node.node_lost(pod, nodes)
        or node.shut_down(pod)
        or node.preempted(pod)
        or node.evicted(pod)
        or node.rejected(pod, resource_name(spec.accelerator) if spec.accelerator is not None else None)
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
        or process.crash_looping(pod, now)
        or probes.not_ready(pod)
    )


def _unplaced(pod: Pod, spec: ModelServiceSpec, nodes: Mapping[str, Node]) -> Finding | None:
    """Why no node takes a pod.

    The scheduler says of each node the first filter that it failed: cordons, taints, labels, resources, volumes, spread
    and claims, in this order. So the later ones speak of nodes that fit best, and go first here, but for shortages of
    devices that are certain.
    """
    if pod.unscheduled is None:
        return None
    return (
        scheduling.gated(pod)
        or scheduling.claim_unusable(pod)
        or scheduling.device_claim_pending(pod)
        or scheduling.topology_unsatisfiable(pod)
        or scheduling.volume_out_of_reach(pod)
        or shortage.accelerators_insufficient(pod, spec, nodes)
        or shortage.resources_insufficient(pod, nodes)
        or scheduling.too_many_pods(pod)
        # Where the nodes are not known, those that lack devices are as likely to be meant as those that are closed.
        or (shortage.accelerators_scarce(pod) if not nodes else None)
        or candidates.no_matching_node(pod, spec, nodes)
        or candidates.nodes_cordoned(pod, spec, nodes)
        or candidates.untolerated_taint(pod, spec, nodes)
        or shortage.accelerators_scarce(pod)
        or scheduling.unschedulable(pod)
    )


def _counting(pods: Iterable[Pod], deployment: Deployment | None) -> list[Pod]:
    """The pods whose failure is a failure of the service.

    Not those of someone else, those that finished, and those on their way out. Of an earlier revision only while
    there is none of the current one: what was wrong with it is being repaired, or else the current one says why not.
    Those that have ended by a failure count only until they are replaced.
    """
    ours = [pod for pod in pods if pod.controlled and pod.phase != "Succeeded"]
    ended = [pod for pod in ours if is_remains(pod)]
    live = [pod for pod in ours if not pod.deleting and pod.phase != "Failed"]
    if deployment is not None:
        current = [pod for pod in live if pod.revision == deployment.revision]
        live = current or live
        ended = [] if deployment.complete else [pod for pod in ended if pod.revision == deployment.revision]
    return [*live, *telling(ended, live)]
