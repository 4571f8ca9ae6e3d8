"""The service account of pods, of which a Deployment keeps two names."""

from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.fields import section, text

_NAME: Final = "serviceAccountName"
_OLD_NAME: Final = "serviceAccount"


def by_one_name(template: Manifest) -> Manifest:
    """The pod template with its account under the name that counts, as the API server reads the two."""
    pod = template["spec"]
    if _OLD_NAME not in pod:
        return template
    rest = {field: part for field, part in pod.items() if field != _OLD_NAME}
    return {**template, "spec": rest if rest.get(_NAME) else {**rest, _NAME: pod[_OLD_NAME]}}


def without_leftover(intent: Manifest, live: Deployment | None) -> Manifest:
    """The intent with what takes the account of an earlier revision away, where it names none.

    The API server copies an account from one name to the other and back: it would stay, and be in use. Only both names,
    empty, take it away. While the live Deployment is of the same revision nothing is added: its pods may not change.
    """
    if intent["kind"] != "Deployment" or live is None:
        return intent
    template = intent["spec"]["template"]
    pod = template["spec"]
    labels = section(section(template, "metadata"), "labels")
    if pod.get(_NAME) or text(labels, names.REVISION) == live.revision:
        return intent
    return {**intent, "spec": {**intent["spec"], "template": {**template, "spec": {**pod, _NAME: "", _OLD_NAME: ""}}}}
