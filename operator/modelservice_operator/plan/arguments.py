"""The command line of the server container."""

from modelservice_operator.api.spec import RuntimeSpec
from modelservice_operator.plan.server import Server, flag_names
from modelservice_operator.runtimes import flags, placeholders


def command(server: Server, asked: RuntimeSpec) -> list[str]:
    """The user's command, else the runtime's; empty where the entrypoint of the image is to run."""
    if asked.command:
        return list(asked.command)
    filled = (placeholders.fill(text, server.values) for text in server.runtime.command)
    return [text for text in filled if text is not None]


def arguments(server: Server, asked: RuntimeSpec) -> list[str]:
    """The runtime's flags that have a value and that the user does not give, then the user's arguments as they are."""
    given = {flags.canonical(argument) for argument in asked.args}
    rendered = []
    for argument in server.runtime.args:
        value = placeholders.fill(argument.value, server.values)
        if value is not None and server.wants(argument.when) and not given & flag_names(argument):
            rendered.append(f"{argument.flag}={value}")
    return [*rendered, *asked.args]
