"""Figures of many samples."""

import math
import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def p99(values: Sequence[float]) -> float:
    """The smallest that at least 99 % do not exceed: with fewer than 100 values the largest."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]
