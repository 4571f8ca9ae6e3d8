"""Each cause that the real API server and the real scheduler can show, by their own words."""

from typing import Any

import pytest

from cluster.harness.operator import Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

LIMITS = {"limits": {"nvidia.com/gpu": "1"}}
CAUSES: list[tuple[str, dict[str, Any], str, str]] = [
    # what is asked for, reason, words of the message
    (
        "service account",
        {"serviceAccountName": "nope"},
        "ServiceAccountNotFound",
        "ServiceAccount nope does not exist in namespace",
    ),
    (
        "priority class",
        {"placement": {"priorityClassName": "nope"}},
        "PriorityClassNotFound",
        "PriorityClass nope does not exist",
    ),
    (
        "runtime class",
        {"placement": {"runtimeClassName": "nope"}},
        "RuntimeClassNotFound",
        "RuntimeClass nope does not exist",
    ),
    (
        "claim",
        {"model": {"uri": "pvc://nope/model"}},
        "VolumeClaimNotFound",
        "PersistentVolumeClaim nope does not exist",
    ),
    (
        "cpu",
        {"resources": {"requests": {"cpu": "5000"}}},
        "InsufficientResources",
        "it needs 5000 of cpu; the largest node that lets it in has ",
    ),
    (
        "memory",
        {"resources": {"requests": {"memory": "100Ti"}}},
        "InsufficientResources",
        "it needs 102400Gi of memory; the largest node that lets it in has ",
    ),
    (
        "node label",
        {"placement": {"nodeSelector": {"disk": "golden"}}},
        "NoMatchingNode",
        "no node has the label disk=golden",
    ),
    (
        "node label by podTemplate, beside taints",
        {"accelerator": None, "podTemplate": {"spec": {"nodeSelector": {"disk": "golden"}}}},
        "NoMatchingNode",
        "no node has the label disk=golden",
    ),
    (
        "cpu that tainted nodes have",
        {"accelerator": None, "resources": {"requests": {"cpu": "100"}}},
        "InsufficientResources",
        "it needs 100 of cpu; the largest node that lets it in has 31.85 ",
    ),
    (
        "gate",
        {"podTemplate": {"spec": {"schedulingGates": [{"name": "example.com/gate"}]}}},
        "SchedulingGated",
        "scheduling gate example.com/gate is closed",
    ),
    (
        "spread",
        {
            "podTemplate": {
                "spec": {
                    "topologySpreadConstraints": [
                        {"maxSkew": 1, "topologyKey": "nowhere", "whenUnsatisfiable": "DoNotSchedule"}
                    ]
                }
            }
        },
        "TopologyUnsatisfiable",
        "topology spread constraints",
    ),
    (
        "affinity between pods",
        {
            "placement": {
                "affinity": {
                    "podAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [
                            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"no": "where"}}}
                        ]
                    }
                }
            }
        },
        "TopologyUnsatisfiable",
        "pod affinity rules",
    ),
    (
        "taint",
        {"accelerator": None, "podTemplate": {"spec": {"containers": [{"name": "server", "resources": LIMITS}]}}},
        "UntoleratedTaint",
        "nvidia.com/gpu",
    ),
]


@pytest.mark.parametrize(("spec", "reason", "words"), [row[1:] for row in CAUSES], ids=[row[0] for row in CAUSES])
def test_the_words_of_scheduler_and_admission(
    operator: Operator, kubectl: Kubectl, spec: dict[str, Any], reason: str, words: str
) -> None:
    service = Service(kubectl)
    service.spec = {key: value for key, value in (service.spec | spec).items() if value is not None}
    service.apply().wait_for("Ready", "False", reason)
    problem = service.problem(reason)
    assert words in problem["message"]
    assert problem["remedy"]


def test_a_limit_range(operator: Operator, kubectl: Kubectl) -> None:
    bounds = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "small"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]},
    }
    kubectl("create", "-f", "-", given=bounds)
    service = Service(kubectl, resources={"limits": {"cpu": "8"}}).apply()
    service.wait_for("Ready", "False", "LimitRangeViolation")
    assert "maximum cpu usage per Container is 1, but limit is 8" in service.problem("LimitRangeViolation")["message"]


def test_a_limit_range_that_gives_a_limit(operator: Operator, kubectl: Kubectl) -> None:
    bounds = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "small"},
        "spec": {"limits": [{"type": "Container", "max": {"memory": "8Gi"}}]},
    }
    kubectl("create", "-f", "-", given=bounds)
    service = Service(kubectl, resources={"requests": {"memory": "16Gi"}}).apply()
    service.wait_for("Ready", "False", "LimitRangeViolation")
    message = service.problem("LimitRangeViolation")["message"]
    assert "they request 16Gi of memory" in message
    assert "gives containers without a limit one of 8Gi." in message


def test_a_claim_without_a_volume(operator: Operator, kubectl: Kubectl) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "models"},
        "spec": {
            "accessModes": ["ReadOnlyMany"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "",
        },
    }
    kubectl("create", "-f", "-", given=claim)
    service = Service(kubectl, model={"uri": "pvc://models/model"}).apply()
    service.wait_for("Ready", "False", "VolumeUnavailable")
    assert "PersistentVolumeClaim models is not bound" in service.problem("VolumeUnavailable")["message"]


def test_a_resource_claim_that_no_device_satisfies(operator: Operator, cluster: LocalCluster, kubectl: Kubectl) -> None:
    api, name = "resource.k8s.io/v1", f"none-{kubectl.namespace}"
    device_class = {"apiVersion": api, "kind": "DeviceClass", "metadata": {"name": name}, "spec": {}}
    claim = {
        "apiVersion": api,
        "kind": "ResourceClaim",
        "metadata": {"name": "gpu"},
        "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": name}}]}},
    }
    cluster.kubectl("create", "-f", "-", given=device_class)
    try:
        kubectl("create", "-f", "-", given=claim)
        wanted = {"spec": {"resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu"}]}}
        service = Service(kubectl, podTemplate=wanted).apply()
        service.wait_for("Ready", "False", "DeviceClaimPending")
        assert "cannot allocate all claims" in service.problem("DeviceClaimPending")["message"]
    finally:
        cluster.kubectl("delete", f"deviceclass/{name}")


def test_a_webhook_that_does_not_answer(operator: Operator, cluster: LocalCluster, kubectl: Kubectl) -> None:
    name = f"silent-{kubectl.namespace}"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    hook = {
        "name": "silent.example.com",
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kubectl.namespace}},
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 1,
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [hook],
    }
    cluster.kubectl("create", "-f", "-", given=configuration)
    try:
        service = Service(kubectl).apply()
        service.wait_for("Ready", "False", "AdmissionDenied")
        message = service.problem("AdmissionDenied")["message"]
        assert 'admission webhook "silent.example.com" does not answer' in message
        eventually(lambda: service.problem("AdmissionDenied")["pods"] == 1)
    finally:
        cluster.kubectl("delete", f"validatingwebhookconfiguration/{name}")
