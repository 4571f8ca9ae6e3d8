"""What shells, and kubectl for its plugins, ask of a command to complete it."""

from collections.abc import Sequence
from typing import Final

import click
from click.shell_completion import ShellComplete, get_completion_class

SHELLS: Final = ("bash", "zsh", "fish")
_PROGRAMS: Final = ("modelservice", "kubectl-modelservice")
_DEFAULT: Final = ":0"
"""Directives of cobra, by which kubectl is written: the shell may offer files where nothing else is offered,"""
_NO_FILES: Final = ":4"
"""or it may not."""


def script(command: click.Command, program: str, shell: str) -> str:
    """What a shell reads to complete the command; `program` is what it was called as."""
    name = program if program in _PROGRAMS else _PROGRAMS[0]
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"click completes nothing in {shell}")
    return kind(command, {}, name, f"_{name}_COMPLETE".replace("-", "_").upper()).source()


def kubectl_lines(command: click.Command, words: Sequence[str]) -> list[str]:
    """What may stand in the place of the last word, a line each with its help behind a tab, and then the directive.

    The protocol is that of kubectl's plugins (k8s.io/kubectl v0.36, pkg/cmd/plugin/plugin_completion.go): the words are
    those behind the plugin's name, the last one is empty where a new one begins.
    """
    given, incomplete = (list(words[:-1]), words[-1]) if words else ([], "")
    found = ShellComplete(command, {}, _PROGRAMS[1], "").get_completions(given, incomplete)
    offered = [f"{item.value}\t{item.help}" if item.help else str(item.value) for item in found if item.type == "plain"]
    return [*offered, _NO_FILES if len(offered) == len(found) else _DEFAULT]
