"""The command line: arguments in, text out, nothing decided here."""

import asyncio
import sys
from pathlib import Path
from typing import NoReturn

import click

from modelservice_operator import __version__
from modelservice_operator.api.crd import crd_yaml
from modelservice_operator.render import InvalidFile, render_file


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="modelservice")
def main() -> None:
    """Offer large models as a service on Kubernetes."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


@main.command()
def crd() -> None:
    """Print the CustomResourceDefinition, to be piped into kubectl apply."""
    click.echo(crd_yaml(), nl=False)


@main.command()
@click.option("-f", "--filename", required=True, metavar="FILE", help="A file of ModelServices; - reads standard input.")
def render(filename: str) -> None:
    """Print what the operator would create for the ModelServices in a file. Needs no cluster."""
    try:
        click.echo(render_file(_read(filename)), nl=False)
    except InvalidFile as error:
        _fail(f"{filename}: {error}")


def _read(filename: str) -> str:
    try:
        return sys.stdin.read() if filename == "-" else Path(filename).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{filename}: {error.strerror if isinstance(error, OSError) else error}")


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)
