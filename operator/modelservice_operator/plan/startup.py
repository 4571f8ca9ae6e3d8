"""How long a model may take to start."""

from fractions import Fraction
from math import ceil
from typing import Final

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.quantity import parse_quantity

PROBE_PERIOD_SECONDS: Final = 10
"""Between two startup probes; a budget is a multiple of it."""

_BASE_SECONDS: Final = 600
_SECONDS_PER_GIB: Final = 15
_UNKNOWN_SIZE_SECONDS: Final = 3600
_DEADLINE_MARGIN_SECONDS: Final = 600
_GIB: Final = 2**30


def budget_seconds(size: str | None) -> int:
    """Time from the start of the container until it serves: 600 s, and 15 s for each GiB of weights.

    15 s per GiB is about 70 MB/s for download and load together. 3600 s when the size is unknown.
    """
    if size is None:
        return _UNKNOWN_SIZE_SECONDS
    seconds = _BASE_SECONDS + _SECONDS_PER_GIB * Fraction(parse_quantity(size)) / _GIB
    return ceil(seconds / PROBE_PERIOD_SECONDS) * PROBE_PERIOD_SECONDS


def progress_deadline_seconds(spec: ModelServiceSpec) -> int:
    """When a rollout without progress counts as failed: as asked for, or the start-up budget and 600 s more.

    The margin is for scheduling and for pulling the image, which precede the start of the container.
    """
    asked = spec.rollout.progress_deadline_seconds
    if asked is not None:
        return asked
    return budget_seconds(spec.model.size if spec.model else None) + _DEADLINE_MARGIN_SECONDS
