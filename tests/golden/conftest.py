"""Golden cases: one directory each, `input.yaml` and what must come of it."""

from pathlib import Path

import pytest

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/input.yaml"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write what comes out, instead of comparing")


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


class Golden:
    """Compares a text with a stored one, or stores it."""

    def __init__(self, update: bool) -> None:
        self._update = update

    def check(self, path: Path, text: str) -> None:
        if self._update:
            path.write_text(text, "utf-8")
        assert path.exists(), f"{path} is missing: pytest tests/golden --update-goldens writes it; then review it"
        assert text == path.read_text("utf-8"), "right? then: pytest tests/golden --update-goldens, and review the diff"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(update=request.config.getoption("--update-goldens", default=False))
