"""local: the cloud on this machine, by hand."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awsprov.cli.help_format import Group
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.errors import NoStackError
from awsprov.ui.json_output import print_json

if TYPE_CHECKING:
    from awsprov.local import RunningCloud


@click.group(cls=Group)
@common()
def local() -> None:
    """The cloud on this machine: what `--local` uses, and starts when it does not run.

    \b
    Examples:
      awsprov local start --pace 0.02
      awsprov local open
      eval "$(awsprov local env)"
    """


def where(settings: Settings) -> Path:
    """The directory of the cloud: under the state directory."""
    return settings.home / "local"


@local.command()
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="A TCP port. [default: a free one, kept from then on]"
)
@click.option("--pace", default=0.0, type=click.FloatRange(0, 1), help="0: instant; 1: as slow as AWS. [default: 0]")
@click.option(
    "--consistency",
    default=0.0,
    type=click.FloatRange(0),
    help="Seconds until new things show in listings. [default: 0]",
)
@click.option("--enforce-iam", is_flag=True, help="Let IAM users do what their policies say, and nothing else.")
@click.option("--foreground", is_flag=True, help="Stay here until Ctrl-C.")
@common()
@pass_settings
def start(settings: Settings, /, foreground: bool, **options: Any) -> int:
    """Start it; one that runs is left as it is.

    \b
    Examples:
      awsprov local start
      awsprov local start --pace 0.02 --enforce-iam
    """
    if foreground:
        return _foreground(where(settings), **options)
    from awsprov import local as cloud  # noqa: PLC0415 - the one entry to the local cloud

    running = cloud.start(where(settings), **options)
    print_json("local", **_document(running)) if settings.json else click.echo(running.endpoint)
    if settings.json or settings.quiet:
        return 0
    for notice in running.notices:
        click.echo(f"  {notice}", err=True)
    asked = {name: value for name, value in options.items() if name != "port" or value}
    if any(getattr(running, name) != value for name, value in asked.items()):
        click.echo("It was running already, as it says above; `awsprov local stop` ends it.", err=True)
    return 0


def _foreground(directory: Path, port: int, pace: float, consistency: float, enforce_iam: bool) -> int:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = [sys.executable, "-m", "awsprov.local", "--directory", str(directory), "--port", str(port)]
    command = [*words, "--pace", str(pace), "--consistency", str(consistency)]
    command += ["--enforce-iam"] if enforce_iam else []
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


@local.command()
@common()
@pass_settings
def status(settings: Settings) -> int:
    """Show whether it runs, and where.

    \b
    Examples:
      awsprov local status
      awsprov local status --json
    """
    running = _running(settings)
    if settings.json:
        print_json("local", **_document(running))
    else:
        click.echo(f"{running.endpoint}  process {running.pid}, pace {running.pace}, in {running.directory}")
    return 0


@local.command()
@common()
@pass_settings
def stop(settings: Settings) -> int:
    """End it; what is on it is kept for the next start.

    \b
    Examples:
      awsprov local stop
      awsprov local stop --state-dir ~/clouds/one
    """
    from awsprov import local as cloud  # noqa: PLC0415 - the one entry to the local cloud

    ended = cloud.stop(where(settings))
    if settings.json:
        print_json("stopped", ran=ended)
    else:
        click.echo("Stopped." if ended else "It does not run.", err=True)
    return 0


@local.command("open")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="A TCP port. [default: a free one]")
@click.option("--browser/--no-browser", default=True, help="Whether to open it there. [default: on a terminal]")
@common()
@pass_settings
def open_(settings: Settings, port: int, browser: bool) -> int:
    """Serve a page that shows the stack, live, and sends requests to its functions.

    \b
    Examples:
      awsprov local open
      awsprov local open --port 8765 --no-browser
    """
    from awsprov.cli.dashboard import serve  # noqa: PLC0415 - heavy, unlike its neighbours

    return serve(settings, port, browser)


@local.command()
@common()
@pass_settings
def env(settings: Settings) -> int:
    """Print the exports that turn other AWS clients to it.

    \b
    Examples:
      eval "$(awsprov local env)"
      awsprov local env --json
    """
    variables = _running(settings).environment()
    if settings.json:
        print_json("environment", variables=variables)
    else:
        click.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items()))
    return 0


def _running(settings: Settings) -> "RunningCloud":
    from awsprov import local as cloud  # noqa: PLC0415 - the one entry to the local cloud

    running = cloud.find(where(settings))
    if running is None:
        raise NoStackError("The local cloud does not run.", remedy="`awsprov local start` starts it.")
    return running


def _document(running: "RunningCloud") -> dict[str, object]:
    return {
        "endpoint": running.endpoint,
        "pid": running.pid,
        "pace": running.pace,
        "directory": str(running.directory),
    }
