"""What all tests have in common."""

from hypothesis import settings

# A machine that is busy with a control plane is slow at times: only counts and results are asserted.
settings.register_profile("modelservice", deadline=None)
settings.load_profile("modelservice")
