"""Golden cases: one directory each, with `input.yaml` and what must come of it.

* `children.yaml`: what the operator creates. A spec that it refuses has none.
* `status.yaml`, where there is an `observed.yaml`: the status, once the cluster is as that says. The objects in it that
  have a spec of their own were there first; `before.yaml` is an earlier spec, which had become ready.
"""

from pathlib import Path
from typing import Final

import pytest

REFUSED: Final = frozenset({"invalid-spec"})
ALL: Final = sorted(path.parent for path in Path(__file__).parent.glob("*/input.yaml"))
RENDERED: Final = [case for case in ALL if case.name not in REFUSED]
OBSERVED: Final = [case for case in ALL if (case / "observed.yaml").exists()]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write what comes out, instead of comparing")


class Golden:
    """Compares a text with a stored one, or stores it."""

    def __init__(self, update: bool) -> None:
        self._update = update

    def check(self, path: Path, text: str) -> None:
        if self._update:
            path.write_text(text, "utf-8")
        assert path.exists(), f"{path} is missing: `make goldens` writes it; then review it"
        assert text == path.read_text("utf-8"), "right? then `make goldens`, and review the diff"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(update=request.config.getoption("--update-goldens", default=False))
