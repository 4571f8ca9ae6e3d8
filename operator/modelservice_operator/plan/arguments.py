"""The command line of the server container."""

from collections.abc import Iterable

from modelservice_operator.api.spec import RuntimeSpec
from modelservice_operator.plan.server import Server, flag_names
from modelservice_operator.runtimes import flags, placeholders
from modelservice_operator.runtimes.runtime import Argument


def command(server: Server, asked: RuntimeSpec) -> list[str]:
    """The user's command, else the runtime's; empty where the entrypoint of the image is to run."""
    if asked.command:
        return list(asked.command)
    return _filled(server.runtime.command, server)


def fetch_command(server: Server) -> list[str]:
    """What fetches the model before the server starts; empty where the server does so itself."""
    return _filled(server.runtime.fetch.command, server) if server.runtime.fetch else []


def _filled(texts: Iterable[str], server: Server) -> list[str]:
    filled = (placeholders.fill(text, server.values) for text in texts)
    return [text for text in filled if text is not None]


def arguments(server: Server, asked: RuntimeSpec) -> list[str]:
    """The runtime's flags that have a value and that the user does not give, then the user's arguments as they are."""
    given = {flags.canonical(argument) for argument in asked.args}
    rendered: list[str] = []
    for argument in server.runtime.args:
        if server.wants(argument.when) and not given & flag_names(argument):
            rendered += _written(argument, server)
    return [*rendered, *asked.args]


def _written(argument: Argument, server: Server) -> list[str]:
    """A flag as the server's parser reads it; nothing when one of its values is missing."""
    values = [placeholders.fill(text, server.values) for text in argument.templates]
    filled = [value for value in values if value is not None]
    if len(filled) < len(values):
        return []
    if argument.value is not None and server.runtime.flag_style == "joined":
        return [f"{argument.flag}={filled[0]}"]
    return [argument.flag, *filled]
