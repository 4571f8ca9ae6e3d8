"""Which field of the spec a remedy speaks of."""

import pytest

from modelservice_operator.api.pod_template import PodTemplate
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.attribution import attributed
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import condition, deployment, problems, unscheduled, waiting

FORBIDDEN = 'pods "chat-7d9c-x7k2p" is forbidden: '
IMAGE = "ghcr.io/org/server:v1"
"""That of the pods below."""
HF = "hf://a/b"


def env(kind: str) -> Manifest:
    return {"env": [{"name": "TOKEN", "valueFrom": {f"{kind}KeyRef": {"name": "token", "key": "TOKEN"}}}]}


def patch(**more: object) -> Manifest:
    return {"podTemplate": {"spec": {"containers": [{"name": "server", **more}]}}}


def refused(words: str) -> Pod:
    return waiting("CreateContainerConfigError", words)


NO_SECRET = refused('secret "token" not found')
NO_MAP = refused('configmap "token" not found')
NO_CLAIM = unscheduled('0/1 nodes are available: persistentvolumeclaim "models" not found.')
NO_IMAGE = waiting("ErrImagePull", "manifest unknown")
NO_NAME = waiting("InvalidImageName", "couldn't parse image: invalid reference format")
VOLUME = {"podTemplate": {"spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "models"}}]}}}
CREDENTIALS = {"model": {"uri": HF, "credentials": {"secretName": "token"}}}


@pytest.mark.parametrize(
    ("patch", "words", "remedy"),
    [
        (
            {"serviceAccountName": "reader"},
            'serviceaccount "reader" not found',
            "Create ServiceAccount reader, or correct spec.podTemplate.spec.serviceAccountName.",
        ),
        (
            {"priorityClassName": "production"},
            "no PriorityClass with name production was found",
            "Create PriorityClass production, or correct spec.podTemplate.spec.priorityClassName.",
        ),
        (
            {"hostNetwork": True, "runtimeClassName": "nvidia"},
            'serviceaccount "reader" not found',
            "Create ServiceAccount reader, or correct spec.serviceAccountName.",
        ),
        (None, 'serviceaccount "x" not found', "Create ServiceAccount x, or correct spec.serviceAccountName."),
    ],
)
def test_what_the_patch_of_the_pod_template_sets_is_corrected_there(
    patch: Manifest | None, words: str, remedy: str
) -> None:
    spec = ModelServiceSpec(pod_template=PodTemplate(spec=patch))
    failure = condition("ReplicaFailure", "True", "FailedCreate", FORBIDDEN + words)
    (problem,) = problems(of=deployment(1, replicas=0, conditions=[failure]), spec=spec)
    assert problem.remedy == remedy


def test_what_is_merged_with_the_patch_is_corrected_in_either_place() -> None:
    here = "spec.podTemplate.spec."

    def worded(remedy: str, patch: Manifest) -> str:
        finding = Finding(Reason.UNTOLERATED_TAINT, (), "waits", "", remedy)
        return attributed(finding, ModelServiceSpec(pod_template=PodTemplate(spec=patch)))

    assert worded("Correct spec.placement.nodeSelector.", {"nodeSelector": {"a": "b"}}) == (
        f"Correct spec.placement.nodeSelector or {here}nodeSelector."
    )
    taints = "Add a toleration for x to spec.placement.tolerations."
    assert worded(taints, {"tolerations": []}) == f"Add a toleration for x to {here}tolerations."
    assert worded("Correct spec.model.uri.", {"volumes": []}) == "Correct spec.model.uri."


@pytest.mark.parametrize(
    ("broken", "spec", "advice"),
    [
        (NO_SECRET, CREDENTIALS, "or correct spec.model.credentials.secretName."),
        (NO_SECRET, {"runtime": env("secret")}, "or correct spec.runtime.env."),
        (NO_SECRET, patch(envFrom=[{"secretRef": {"name": "token"}}]), "or correct spec.podTemplate."),
        (
            NO_SECRET,
            {**CREDENTIALS, **patch(**env("secret"))},
            "or correct spec.model.credentials.secretName or spec.podTemplate.",
        ),
        (NO_SECRET, {}, "or correct spec.model.credentials.secretName or spec.runtime.env."),
        (NO_MAP, {"runtime": env("configMap")}, "or correct spec.runtime.env."),
        (NO_MAP, patch(**env("configMap")), "or correct spec.podTemplate."),
        (NO_CLAIM, {"model": {"uri": "pvc://models/qwen"}}, "or correct spec.model.uri."),
        (NO_CLAIM, {"model": {"uri": HF}, **VOLUME}, "or correct spec.podTemplate."),
        (NO_IMAGE, {"runtime": {"image": IMAGE}}, "Set spec.runtime.image to an image that exists"),
        (NO_IMAGE, patch(image="else"), "Set spec.runtime.image to an image that exists"),
        (NO_IMAGE, patch(image=IMAGE), "Set image in spec.podTemplate to an image that exists"),
        (NO_NAME, patch(image=IMAGE), "Correct image in spec.podTemplate: registry/repository:tag"),
    ],
)
def test_what_is_named_in_the_spec_is_corrected_where_it_stands(broken: Pod, spec: Manifest, advice: str) -> None:
    (problem,) = problems(broken, spec=ModelServiceSpec.model_validate(spec))
    assert advice in problem.remedy
