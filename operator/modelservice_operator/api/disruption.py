"""How many pods may be taken away at once."""

from typing import Annotated, Final

from modelservice_operator.api.base import ApiModel, Rule
from modelservice_operator.api.types.quantity import CountOrPercent

MAX_UNAVAILABLE: Final = Rule(
    "string(self).matches('^([0-9]{1,6}|[0-9]{1,2}%|100%)$')",
    'must be a number of pods, or a percentage of them from 0% to 100%, for example 1 or "25%"',
)


class Disruption(ApiModel):
    """What evictions, as at the drain of a node, may do."""

    max_unavailable: Annotated[CountOrPercent, MAX_UNAVAILABLE] = 1
    """Pods, or the share of them, that evictions may take away at once; pods that are not ready may always be taken.
    Default: 1. Example: "25%"."""
