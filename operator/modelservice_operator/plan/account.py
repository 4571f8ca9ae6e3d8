"""The service account of pods, as it is written."""

from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import section

OLD_NAME: Final = "serviceAccount"
_NAMES: Final = ("serviceAccountName", OLD_NAME)
"""Of the field; the first one counts."""


def with_account(intent: Manifest) -> Manifest:
    """The intent with the account of its pods, or none, under both names of the field.

    The API server copies it from one to the other and back: under a name that an intent leaves out, an account that is
    no longer wanted would stay, and be in use.
    """
    template = section(section(intent, "spec"), "template")
    if not template:
        return intent
    pod = template["spec"]
    account = next((pod[name] for name in _NAMES if pod.get(name) not in (None, "")), "")
    named = {**template, "spec": {**pod, **dict.fromkeys(_NAMES, account)}}
    return {**intent, "spec": {**intent["spec"], "template": named}}
