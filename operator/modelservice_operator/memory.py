"""Memory that this process has freed goes back to the system."""

import ctypes


def give_back() -> None:
    """Have the C library return whole free pages: it keeps them between what lives on. Nothing where it cannot."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
    if trim is not None:
        trim(0)
