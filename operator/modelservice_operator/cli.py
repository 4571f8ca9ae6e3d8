"""The command line: arguments in, text out, nothing decided here."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

import click

from modelservice_operator import __version__
from modelservice_operator.api.crd import crd_yaml
from modelservice_operator.completion import SHELLS, kubectl_lines, script
from modelservice_operator.files import Unreadable, read_text
from modelservice_operator.settings import InvalidSettings, Settings


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


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """One flag for every setting."""
    for setting in reversed(Settings.declared()):
        default = f" Default: {setting.default}." if setting.default else ""
        text = f"{setting.help}{default} [{setting.variable}]"
        command = click.option(setting.flag, setting.name, metavar="VALUE", help=text)(command)
    return command


@main.command()
@_settings
def run(**flags: Any) -> None:
    """Run the operator, in a pod or with a kubeconfig. Every flag is an environment variable too."""
    try:
        settings = Settings.from_env(os.environ, **flags)
    except InvalidSettings as error:
        _fail("\n       ".join(error.mistakes))
    # kopf and the API client take half a second to import, and no other command needs them.
    from modelservice_operator import app, logs
    from modelservice_operator.cluster.errors import NoCredentials
    from modelservice_operator.http import CannotListen

    logs.configure(settings.log_format, settings.log_level)
    try:
        sys.exit(asyncio.run(app.run(settings)))
    except (NoCredentials, CannotListen) as error:
        _fail(str(error))


_FILE: Final = click.Path(allow_dash=True)
"""So that a shell offers files. Whether there is one the command finds out."""


def _filenames(metavar: str, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "-f", "--filename", "filenames", required=True, multiple=True, type=_FILE, metavar=metavar, help=text
    )


@main.command()
@_filenames("FILE", "A file of ModelServices; - reads standard input. May be given several times.")
def render(filenames: tuple[str, ...]) -> None:
    """Print what the operator would create for the ModelServices in a file. Needs no cluster."""
    click.echo("---\n".join(_rendered(filename) for filename in filenames), nl=False)


_MANIFESTS = _filenames(
    "FILE|DIR",
    "A file of ModelServices in YAML or JSON, or a directory: its .yaml, .yml and .json files at any depth, as "
    "with kubectl apply -R; - reads standard input. May be given several times.",
)


@main.command()
@_MANIFESTS
def validate(filenames: tuple[str, ...]) -> None:
    """Judge the ModelServices in files as the API server would, with the schema and rules of the CRD. Needs no cluster.

    Prints a line for each mistake, and for what the API server takes and the operator cannot build from. Objects of
    other kinds are skipped. Exits with 0 if all is well, 1 for mistakes, 2 if a file or document cannot be read.
    """
    # As for render.
    from modelservice_operator.validate.files import validate_files

    report = validate_files(filenames)
    for finding in report.findings:
        click.echo(finding)
    for message in (*report.remarks, *(f"Error: {problem}" for problem in report.unreadable)):
        click.echo(message, err=True)
    sys.exit(report.exit_code)


@main.command()
@_filenames(
    "FILE",
    "Pods as kubectl get pods -o json or -o yaml prints them, one or a List; Events, Nodes and Deployments may stand "
    "beside them. - reads standard input. May be given several times.",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
def diagnose(filenames: tuple[str, ...], output: str) -> None:
    """Say what is wrong with the pods in files, and what to do about it. Needs neither operator nor cluster.

    Exits with 0 if all is well, 1 for findings, 2 if a file cannot be read.
    """
    from modelservice_operator.diagnosis import as_json, as_text, diagnose_files

    diagnosis = diagnose_files(filenames)
    if output == "json":
        click.echo(as_json(diagnosis.problems))
    elif diagnosis.problems or not diagnosis.unreadable:
        click.echo(as_text(diagnosis))
    for problem in diagnosis.unreadable:
        click.echo(f"Error: {problem}", err=True)
    sys.exit(diagnosis.exit_code)


def _cluster(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a cluster and a namespace, as kubectl has them."""
    options = (
        click.option("-n", "--namespace", metavar="NAMESPACE", help="Default: that of the context."),
        click.option("--context", metavar="NAME", help="Of the kubeconfig. Default: its current one."),
        click.option("--kubeconfig", type=_FILE, metavar="FILE", help="Default: KUBECONFIG, else ~/.kube/config."),
        click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Default: text."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The ModelServices that a shell offers."""
    from modelservice_operator.report import command
    from modelservice_operator.target import Target

    given = context.params
    target = Target(given.get("kubeconfig"), given.get("context"), given.get("namespace"))
    return [name for name in command.names(target) if name.startswith(incomplete)]


@main.command()
@click.argument("name", shell_complete=_names)
@_cluster
@click.option("-w", "--watch", is_flag=True, help="Go on, and print the report again whenever it changes.")
def explain(
    name: str, namespace: str | None, context: str | None, kubeconfig: str | None, output: str, watch: bool
) -> None:
    """Say how a ModelService is doing, what is wrong with it and what to do, with its pods and their last words.

    Reads the cluster with your rights; what you may not see is left out, and named. Exits with 0 if all is well, 1 for
    problems, 2 if it cannot be read.
    """
    from modelservice_operator.report import command
    from modelservice_operator.target import Target

    target = Target(kubeconfig, context, namespace)
    sys.exit(command.explain(target, name, as_json=output == "json", watch=watch))


@main.command()
@_cluster
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
def status(
    namespace: str | None, context: str | None, kubeconfig: str | None, output: str, all_namespaces: bool
) -> None:
    """List the ModelServices of a namespace, each with its worst problem and what to do about it.

    Exits with 0 if all is well, 1 for problems, 2 if they cannot be read.
    """
    from modelservice_operator.report import command
    from modelservice_operator.target import Target

    target = Target(kubeconfig, context, namespace, all_namespaces)
    sys.exit(command.status(target, as_json=output == "json"))


@main.command()
@_MANIFESTS
@_cluster
@click.option(
    "--field-manager", metavar="NAME", help="Who will apply them, with kubectl apply --server-side. Default: kubectl."
)
@click.option(
    "--force-conflicts", is_flag=True, help="Take fields from other managers, as kubectl apply --server-side does."
)
def plan(
    filenames: tuple[str, ...],
    namespace: str | None,
    context: str | None,
    kubeconfig: str | None,
    output: str,
    field_manager: str | None,
    force_conflicts: bool,
) -> None:
    """Say what applying the ModelServices in files would do: to their children, their pods and accelerators.

    Asks the API server by dry runs, with your rights, and writes nothing. Exits as kubectl diff does: with 0 if nothing
    would change, 1 for changes and for what a ModelService would stall on, 2 if one is refused or cannot be read.
    """
    from modelservice_operator.dryrun import command
    from modelservice_operator.dryrun.server import Applying
    from modelservice_operator.target import Target

    target = Target(kubeconfig, context, namespace)
    applying = Applying(field_manager, force_conflicts)
    sys.exit(command.plan(target, filenames, applying, as_json=output == "json"))


@main.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete this command: source <(modelservice completion bash).

    For kubectl modelservice, kubectl's own completion asks the program kubectl_complete-modelservice, which lies beside
    this one.
    """
    click.echo(script(main, str(context.find_root().info_name), shell))


def complete_for_kubectl() -> None:
    """The program that kubectl asks what may follow `kubectl modelservice …`."""
    click.echo("\n".join(kubectl_lines(main, sys.argv[1:])))


def _rendered(filename: str) -> str:
    # CEL is a large library, and the operator does not need it.
    from modelservice_operator.render import InvalidFile, render_file

    try:
        return render_file(read_text(filename))
    except (InvalidFile, Unreadable) as error:
        _fail(f"{filename}: {error}")


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)
