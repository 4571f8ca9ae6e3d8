"""The flags in a list of arguments, as parsers of the argparse family read them."""

from collections.abc import Collection, Sequence


def canonical(argument: str) -> str:
    """The flag that an argument names, in one spelling: `--no-some_flag=x` gives `--some-flag`. Empty for a value.

    Underscores count as dashes, as in vLLM's FlexibleArgumentParser; `--no-` is how argparse turns a flag off.
    """
    if not argument.startswith("-"):
        return ""
    name = argument.partition("=")[0]
    if not name.startswith("--"):
        return name
    name = name.replace("_", "-")
    return f"--{name[5:]}" if name.startswith("--no-") else name


def value_of(names: Collection[str], arguments: Sequence[str]) -> str | None:
    """What the arguments give for a flag, the last one winning; None when they do not name it.

    `names` are canonical. The value is empty for a flag that has none.
    """
    given = None
    for index, argument in enumerate(arguments):
        if canonical(argument) in names:
            _, equals, value = argument.partition("=")
            following = arguments[index + 1] if index + 1 < len(arguments) else ""
            given = value if equals else following if not canonical(following) else ""
    return given
