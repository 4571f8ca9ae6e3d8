"""How long the tests of faults go on: a few seconds in a plain test run, in full with `make soak`."""

import os
from typing import Final

FAULT_SECONDS: Final = float(os.environ.get("FAULT_SECONDS") or 3)
"""How long each fault lasts that can go on for minutes."""
SOAK_SECONDS: Final = float(os.environ.get("SOAK_SECONDS") or 45)
"""How long things happen at random."""
SOAK_REPETITIONS: Final = int(os.environ.get("SOAK_REPETITIONS") or 6)
"""How often faults in a row come again."""
