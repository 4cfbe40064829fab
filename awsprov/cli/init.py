"""init: write a config.yaml for the handler that a project has, or with a first one."""

import os
import re
import shlex
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, note
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, prompt
from awsprov.config.allowed_values import dump_flow
from awsprov.config.names import fit_name
from awsprov.errors import RefusedError, UsageError
from awsprov.files import is_inside
from awsprov.packaging.handler_search import HandlerPlace, handlers_in, handlers_of_project
from awsprov.packaging.libraries_file import find_libraries
from awsprov.paths import StackLocation
from awsprov.ui.json_output import print_json

if TYPE_CHECKING:
    from awsprov.terraform.converter import Conversion
    from awsprov.terraform.resource import Infrastructure

_WEB_ROUTES = '[ANY /, "ANY /{proxy+}"]            # all paths: the application has routes of its own'
_FIRST_HANDLER = "lambda_function.lambda_handler"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")  # whether there is one of that name is checked with AWS's list later


@click.command(cls=Command)
@click.option("--name", help="The stack's name. [default: the directory's name]")
@click.option("--source", help="The directory with the handler. [default: where one is; otherwise lambda_src]")
@click.option(
    "--from-terraform",
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR|FILE",
    help="Convert the Terraform files of a directory, or the output of `terraform show -json` in a file.",
)
@common()
@pass_settings
def init(settings: Settings, name: str | None, source: str | None, from_terraform: Path | None) -> int:
    """Write a config.yaml, and a first handler where there is none. No file is overwritten.

    \b
    Examples:
      awsprov init
      awsprov init --from-terraform infra
      awsprov init --from-terraform infra --source src
      awsprov init --name prices --region eu-west-1 --yes
    """
    target = settings.config
    if target.exists():
        raise RefusedError(f"{target} exists; it was not overwritten.", remedy="Use --config to write another file.")
    found = _read_terraform(from_terraform, target) if from_terraform else None
    name, region = _answers(settings, name or _default_name(found, target))
    conversion = _converted(found, name, settings.region or region, target, source) if found else None
    if conversion:
        written = _write_converted(conversion, target)
        if conversion.is_demo:
            written += _write_handler(target, conversion.source, settings)
    else:
        written = _write_new(target, name, region, source, settings)
    if settings.json:
        return _print_document(written, conversion)
    if not settings.quiet:
        echo("\n".join(f"Wrote {path}." for path in written if path), err=True)
    _report(conversion)  # also with --quiet: what has to be done by hand must not get lost
    if settings.quiet:
        return 0
    # The new file has the value of --region, and no stages.
    stack = StackLocation(settings.config, "", settings.state_dir, local=True)
    echo(f"Next: `{stack.command_hint('up')}`. It needs no AWS account.", err=True)
    return 0


def _answers(settings: Settings, name: str) -> tuple[str, str]:
    """Return the stack's name and region, asking for them on a terminal."""
    asking = can_ask() and not settings.yes
    name = _ask("Name of the stack", name, asking)
    region = _ask("AWS region", settings.region or "us-east-1", asking)
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the stack's name.",
            remedy="Use up to 24 lowercase letters, digits and dashes; begin with a letter.",
        )
    if not _REGION.fullmatch(region):
        raise UsageError(f"{region!r} is not an AWS region.", remedy="Example: `awsprov init --region eu-west-1`.")
    return name, region


def _default_name(found: "Infrastructure | None", target: Path) -> str:
    """Return the name of Terraform's only function, or that of the directory."""
    if found:
        from awsprov.terraform.converter import stack_name  # for Terraform only

        if name := stack_name(found):
            return name
    return _fit(target.absolute().parent.name)


def _read_terraform(path: Path, target: Path) -> "Infrastructure":
    from awsprov.terraform.reader import read_terraform  # for Terraform only

    return read_terraform(path, target.absolute().parent)


def _converted(found: "Infrastructure", name: str, region: str, target: Path, source: str | None) -> "Conversion":
    from awsprov.terraform.converter import convert  # for Terraform only

    return convert(found, name, region, target.absolute().parent, source)


def _write_converted(conversion: "Conversion", target: Path) -> list[Path | None]:
    """Write config.yaml, and the requirements that Terraform's files name if there is no file of them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = [_write(target, conversion.text)]
    if conversion.requirements is not None:
        written.append(_write(target.parent / conversion.config["libraries"]["requirements"], conversion.requirements))
    return written


def _write_new(target: Path, name: str, region: str, source: str | None, settings: Settings) -> list[Path | None]:
    """Write config.yaml: for the handler that the project has, or together with a first one."""
    project = target.absolute().parent
    handlers = handlers_in(project / source) if source else handlers_of_project(project)
    project.mkdir(parents=True, exist_ok=True)
    if handlers:
        return _write_existing(target, (name, region), handlers, settings)
    source = source or "lambda_src"
    written = [_write_config(target, (name, region), source, f"{source}/requirements.txt", _FIRST_HANDLER)]
    return [*written, *_write_handler(target, source, settings)]


def _write_existing(
    target: Path, stack: tuple[str, str], handlers: list[HandlerPlace], settings: Settings
) -> list[Path | None]:
    """Write config.yaml for a handler of the project, and the file of its libraries if there is none."""
    project = target.absolute().parent
    home, first, *others = _one_source(handlers, project)
    libraries = find_libraries(Path(project, home), project) or Path(project, home, "requirements.txt")
    handler = dump_flow(first) + (f"      # or {', '.join(others)}" if others else "")
    routes = _WEB_ROUTES if any(each.is_web_app for each in handlers if each.name == first) else ""
    written = [_write_config(target, stack, home, os.path.relpath(libraries, project), handler, routes)]
    if _is_writable(libraries.parent, target, settings):
        written.append(_write(libraries, "# The libraries that the handler imports, one per line.\n"))
    file = os.path.normpath(f"{home}/{first.rpartition('.')[0].replace('.', '/')}.py")
    note(settings, f"{target.name} names the handler in {file}, and {os.path.relpath(libraries, project)}.")
    if others:
        choose = f"To choose another one, change `handler:` in {target.name}; each function below `functions:` has one."
        echo(f"Note: There are more handlers in {home}: {', '.join(others)}. {choose}", err=True)
    return written


def _one_source(handlers: list[HandlerPlace], project: Path) -> list[str]:
    """Return the directory of all handlers, relative to that of config.yaml, and their names.

    Raises:
        UsageError: they are in several directories.
    """
    found = dict[str, list[str]]()
    for each in handlers:
        found.setdefault(os.path.relpath(each.source, project), []).append(each.name)
    if len(found) > 1:
        raise UsageError(
            "There are handlers in several directories, and config.yaml was not written.",
            why="; ".join(f"{source} has {', '.join(names)}" for source, names in found.items()) + ".",
            remedy=f"Run again with {' or '.join(f'`--source {shlex.quote(source)}`' for source in found)}; "
            "`handler:` in config.yaml then names the handler in it.",
        )
    return next([source, *names] for source, names in found.items())


def _write_config(
    target: Path, stack: tuple[str, str], source: str, requirements: str, handler: str, routes: str = ""
) -> Path | None:
    name, region = stack
    paths = {"source": dump_flow(source), "requirements": dump_flow(requirements)}
    values = {"name": name, "region": region, "handler": handler, "routes": routes or f"[POST /{name}]"}
    return _write(target, _template("config.yaml").format(**values, **paths))


def _write_handler(target: Path, source: str, settings: Settings) -> list[Path | None]:
    """Write a first handler and its requirements, where there are none, in the directory of config.yaml."""
    home = target.absolute().parent / source
    if not _is_writable(home, target, settings):
        return []
    home.mkdir(parents=True, exist_ok=True)
    return [_write(home / file, _template(file)) for file in ("lambda_function.py", "requirements.txt")]


def _is_writable(directory: Path, target: Path, settings: Settings) -> bool:
    """Return whether a directory is in that of config.yaml; say otherwise that nothing is written there."""
    inside = is_inside(directory, target.absolute().parent)
    if not inside:
        note(settings, f"Note: {directory} is outside of the directory of {target.name}; nothing was written there.")
    return inside


def _print_document(written: list[Path | None], conversion: "Conversion | None") -> int:
    print_json(
        "written",
        files=[str(path) for path in written if path],
        not_carried_over=list(conversion.notes) if conversion else [],
        secrets=list(conversion.secrets) if conversion else [],
    )
    return 0


def _report(conversion: "Conversion | None") -> None:
    """Say what was not converted, and which secrets have to be stored; no value of a secret is printed."""
    for remark in conversion.notes if conversion else []:
        echo(f"Note: {remark}.", err=True)
    if not (conversion and conversion.secrets):
        return
    echo("No value of a secret was converted. Store them before the first `awsprov up`, each from a file:", err=True)
    options = f"--region {conversion.config['region']} --type SecureString"
    for parameter in conversion.secrets:
        echo(f"  aws ssm put-parameter {options} --name {parameter} --value file://FILE", err=True)
    echo("`awsprov up --local` asks for them.", err=True)


def _ask(question: str, default: str, asking: bool) -> str:
    return prompt(question, default) if asking else default


def _fit(text: str) -> str:
    """Return a stack name made from the name of a directory."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()  # without accents
    return fit_name(plain) or "model"


def _template(name: str) -> str:
    return files("awsprov.cli.templates").joinpath(name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> Path | None:
    """Write a new file. Return None when it already exists."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return None
    return path
