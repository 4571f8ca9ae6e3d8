"""Why there is no plan."""

from modelservice_operator.diagnose.reasons import Reason


class PlanError(ValueError):
    """The spec passes the schema and still asks for what cannot be honoured; only a change of the spec helps.

    `message` is a sentence that names the field and what is wrong with it, `remedy` one that says what to write.
    """

    reason = Reason.INVALID_SPEC

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class InvalidPodTemplate(PlanError):
    """The patch on the pod template cannot be merged."""

    reason = Reason.INVALID_POD_TEMPLATE
