"""init: write a config.yaml, and a first handler where there is none."""

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, note
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, prompt
from awsprov.errors import RefusedError, UsageError
from awsprov.files import is_inside
from awsprov.paths import StackLocation
from awsprov.ui.json_output import print_json

if TYPE_CHECKING:
    from awsprov.terraform.converter import Conversion

_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")


@click.command(cls=Command)
@click.option("--name", help="The stack's name. [default: the directory's name]")
@click.option("--source", default="lambda_src", show_default=True, help="The directory with the handler.")
@click.option(
    "--from-terraform",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Convert the .tf files and terraform.tfvars of a directory.",
)
@common()
@pass_settings
def init(settings: Settings, name: str | None, source: str, from_terraform: Path | None) -> int:
    """Write a config.yaml, and a first handler where there is none. No file is overwritten.

    \b
    Examples:
      awsprov init
      awsprov init --from-terraform infra
      awsprov init --name prices --region eu-west-1 --yes
    """
    target = settings.config
    if target.exists():
        raise RefusedError(f"{target} exists; it was not overwritten.", remedy="Use --config to write another file.")
    asking = can_ask() and not settings.yes
    name = _ask("Name of the stack", name or _fit(target.absolute().parent.name), asking)
    region = _ask("AWS region", settings.region or "us-east-1", asking)
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the stack's name.",
            remedy="Use up to 24 lowercase letters, digits and dashes; begin with a letter.",
        )
    text = _template("config.yaml").format(name=name, region=region, source=source)
    moved = _migrated(from_terraform, name, settings.region or region, target) if from_terraform else None
    if moved:
        text, source = moved.text, moved.source
    target.parent.mkdir(parents=True, exist_ok=True)
    written = [_write(target, text)]
    home = target.absolute().parent / source
    if is_inside(home, target.absolute().parent):
        home.mkdir(parents=True, exist_ok=True)
        written += [_write(home / file, _template(file)) for file in ("lambda_function.py", "requirements.txt")]
    else:
        note(settings, f"Note: {home} is outside of the directory of {target.name}; nothing was written there.")
    if settings.json:
        return _print_document(written, moved)
    echo("\n".join(f"Wrote {path}." for path in written if path), err=True)
    _report(moved)
    stack = StackLocation(settings.config, settings.stage, settings.state_dir, local=True)  # --region is in the file
    echo(f"Next: `{stack.command_hint('up')}`. It needs no AWS account.", err=True)
    return 0


def _migrated(directory: Path, name: str, region: str, target: Path) -> "Conversion":
    from awsprov.terraform.converter import convert  # noqa: PLC0415 - for Terraform only
    from awsprov.terraform.hcl import read_terraform  # noqa: PLC0415

    return convert(read_terraform(directory), name, region, target.absolute().parent)


def _print_document(written: list[Path | None], moved: "Conversion | None") -> int:
    print_json(
        "written",
        files=[str(path) for path in written if path],
        not_carried_over=list(moved.notes) if moved else [],
        secrets=list(moved.secrets) if moved else [],
    )
    return 0


def _report(moved: "Conversion | None") -> None:
    """Say what was not converted, and which secrets have to be stored; no value of a secret is printed."""
    for remark in moved.notes if moved else []:
        echo(f"Not converted: {remark}.", err=True)
    for parameter in moved.secrets if moved else []:
        command = f"aws ssm put-parameter --type SecureString --name {parameter} --value …"
        echo(f"Store this secret before the first `up`: {command}", err=True)


def _ask(question: str, default: str, asking: bool) -> str:
    return prompt(question, default) if asking else default


def _fit(text: str) -> str:
    """Return a stack name made from the name of a directory."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-0123456789")[:24].strip("-") or "model"


def _template(name: str) -> str:
    return files("awsprov.cli.templates").joinpath(name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> Path | None:
    """Write a new file. Return None when it exists already."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return None
    return path
