"""local: start, stop and open the cloud on this machine."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awsprov.cli.help_format import Group
from awsprov.cli.local_secret import secret
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import confirm, note, print_result, print_verbatim
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, width
from awsprov.errors import AwsprovError, NoStackError
from awsprov.files import make_private_directory
from awsprov.paths import LOCAL_PYTHON
from awsprov.ui.layout import table

if TYPE_CHECKING:
    from awsprov.local import RunningCloud


DEFAULT_REGION, DEFAULT_PYTHON = "us-east-1", "3.12"  # where there is no configuration


@click.group(cls=Group)
@common()
def local() -> None:
    """Run the cloud on this machine. `--local` uses it, and starts it when it is not running.

    \b
    Examples:
      awsprov local start --pace 0.02
      awsprov local open
      eval "$(awsprov local env)"
    """


local.add_command(secret)


@local.command()
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    help="TCP port. [default: a free one, used again later]",
)
@click.option("--pace", default=0.0, type=click.FloatRange(0, 1), help="0: instant; 1: as slow as AWS. [default: 0]")
@click.option(
    "--consistency",
    default=0.0,
    type=click.FloatRange(0),
    help="Seconds until new resources appear in listings. [default: 0]",
)
@click.option("--enforce-iam", is_flag=True, hidden=True, expose_value=False)  # the default since 0.2
@click.option("--any-key", is_flag=True, help="Accept any key pair, for tools that cannot use `awsprov local env`.")
@click.option("--foreground", is_flag=True, help="Run in the foreground until Ctrl-C.")
@common()
@pass_settings
def start(settings: Settings, /, foreground: bool, **options: Any) -> int:
    """Start the local cloud, if it is not already running.

    \b
    Examples:
      awsprov local start
      awsprov local start --pace 0.02
    """
    if foreground:
        return _foreground(settings.local_directory, **options)
    from awsprov import local as cloud  # the one entry to the local cloud

    running = cloud.start(settings.local_directory, **options)
    print_result(settings, "local", running.endpoint, **_document(running))
    if settings.json or settings.quiet:
        return 0
    for notice in running.notices:
        echo(f"  {notice}", err=True)
    given = {name: value for name, value in options.items() if name != "port" or value}
    if any(getattr(running, name) != value for name, value in given.items()):
        note(settings, "It was already running, with other options. `awsprov local stop` stops it.")
    return 0


def _foreground(directory: Path, port: int, pace: float, consistency: float, any_key: bool) -> int:
    make_private_directory(directory)
    words = [sys.executable, "-m", "awsprov.local", "--directory", str(directory), "--port", str(port)]
    command = [*words, "--pace", str(pace), "--consistency", str(consistency)]
    command += ["--any-key"] if any_key else []
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


@local.command()
@common()
@pass_settings
def status(settings: Settings) -> int:
    """Show whether the local cloud runs, and where.

    \b
    Examples:
      awsprov local status
      awsprov local status --json
    """
    running = _running(settings)
    text = f"{running.endpoint}  process {running.pid}, pace {running.pace}, in {running.directory}"
    print_result(settings, "local", text, **_document(running))
    return 0


@local.command()
@common()
@pass_settings
def stop(settings: Settings) -> int:
    """Stop the local cloud. Its resources are kept for the next start.

    \b
    Examples:
      awsprov local stop
      awsprov local stop --state-dir ~/clouds/one
    """
    from awsprov import local as cloud  # the one entry to the local cloud

    ended = cloud.stop(settings.local_directory)
    note(settings, "Stopped." if ended else "The local cloud is not running.")
    print_result(settings, "stopped", "", ran=ended)
    return 0


@local.command("list")
@common()
@pass_settings
def list_(settings: Settings) -> int:
    """List your local clouds, those of all projects on this machine, and whether they run.

    \b
    Examples:
      awsprov local list
      awsprov local list --json
    """
    from awsprov import local as cloud  # the one entry to the local cloud

    found = [{"directory": str(home), "pid": runs.pid if runs else None, "endpoint": runs.endpoint if runs else ""}
             for home, runs in cloud.every()]  # fmt: skip
    lines = table([(str(each["endpoint"] or "stopped"), str(each["directory"])) for each in found], width())
    print_result(settings, "clouds", "\n".join(lines), clouds=found)
    return 0


@local.command()
@common()
@pass_settings
def reset(settings: Settings) -> int:
    """Delete everything in the local cloud: its stacks with their state, and its files and logs.

    Stops it if it runs. Nothing on AWS is touched.

    \b
    Examples:
      awsprov local reset --yes
      awsprov local reset --state-dir ~/clouds/one
    """
    from awsprov import local as cloud  # the one entry to the local cloud

    note(settings, f"This deletes the contents of {settings.local_directory}, and the state of its stacks.")
    confirm(settings, "Delete them?")
    deleted = cloud.reset(settings.local_directory)
    for file in settings.home.glob("*.local.*"):
        if file.is_file():
            file.unlink()
            deleted.append(file.name)
    note(settings, f"Deleted: {', '.join(sorted(deleted)) or 'nothing'}.")
    print_result(settings, "reset", "", deleted=sorted(deleted))
    return 0


@local.command("open")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="TCP port. [default: a free one]")
@click.option("--browser/--no-browser", default=True, help="Open the page in a browser. [default: on a terminal]")
@common()
@pass_settings
def open_(settings: Settings, port: int, browser: bool) -> int:
    """Serve a dashboard that shows the stack live and sends requests to its functions.

    \b
    Examples:
      awsprov local open
      awsprov local open --port 8765 --no-browser
    """
    from awsprov.cli.dashboard import serve  # it needs boto3 and more, the other commands here do not

    return serve(settings, port, browser)


@local.command()
@common()
@pass_settings
def env(settings: Settings) -> int:
    """Print the variables that make other AWS clients, and awsprov.Project, use the local cloud.

    Variables of the shell that would send their calls elsewhere, such as AWS_PROFILE, are unset.

    \b
    Examples:
      eval "$(awsprov local env)"
      awsprov local env --json
    """
    running = _running(settings)
    region, python = _configured(settings)
    variables = {**running.environment(region), LOCAL_PYTHON: running.resolve_python(python)}
    unset = running.conflicting(os.environ)
    lines = [f"unset {' '.join(unset)}"] if unset else []
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    print_verbatim(settings, "environment", "\n".join(lines), variables=variables, unset=unset)
    return 0


def _configured(settings: Settings) -> tuple[str, str]:
    """Return region and Python version of the configuration; without a configuration, the defaults."""
    from awsprov.project.stages import load_stage  # for this command only

    try:
        config = load_stage(settings, files=False, region=settings.region)
    except AwsprovError:
        return settings.region or DEFAULT_REGION, DEFAULT_PYTHON
    return settings.region or config.region, config.libraries.python


def _running(settings: Settings) -> "RunningCloud":
    from awsprov import local as cloud  # the one entry to the local cloud

    running = cloud.find(settings.local_directory)
    if running is None:
        raise NoStackError("The local cloud is not running.", remedy="`awsprov local start` starts it.")
    return running


def _document(running: "RunningCloud") -> dict[str, object]:
    return {
        "endpoint": running.endpoint,
        "pid": running.pid,
        "pace": running.pace,
        "directory": str(running.directory),
    }
