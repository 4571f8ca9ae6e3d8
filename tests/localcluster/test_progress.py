"""What a build shows while it runs."""

import io

import pytest

from localcluster.progress import Progress

LINES = [
    ([], "Building x: starting, 0:05"),
    (["go: downloading k8s.io/api v0.36.4"], "Building x: downloading (1 modules), 0:05"),
    (["go: downloading k8s.io/api v0.36.4", "internal/abi"], "Building x: 25 % (1 of about 4 packages), 0:05"),
    (["a", "b/c", "# b/c", "b/c.go:1:2: undefined: x"], "Building x: 50 % (2 of about 4 packages), 0:05"),
    (["a", "b", "c", "d", "e"], "Building x: 99 % (5 of about 4 packages), 0:05"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("lines", "expected"), LINES)
def test_state(lines: list[str], expected: str) -> None:
    progress = Progress("Building x", packages=4, stream=io.StringIO())
    for line in lines:
        progress.read(line)
    assert progress.state(5) == expected


def test_a_terminal_has_one_line_that_is_rewritten() -> None:
    terminal = Terminal()
    progress = Progress("Building x", packages=4, stream=terminal)
    progress.show()
    progress.read("a")
    progress.show()
    progress.end()
    assert terminal.getvalue() == (
        "\r\033[KBuilding x: starting, 0:00\r\033[KBuilding x: 25 % (1 of about 4 packages), 0:00\r\033[K"
    )


def test_a_file_gets_a_line_at_times(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    log = io.StringIO()
    progress = Progress("Building x", packages=4, stream=log)
    for now[0] in (0.5, 9.9, 10.0, 15.0, 20.5):
        progress.show()
    assert log.getvalue() == "Building x: starting, 0:10\nBuilding x: starting, 0:20\n"
    assert progress.end() == 20.5
