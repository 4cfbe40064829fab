"""export: the stack as files for another tool, which then manages it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprov.cli.help_format import Group
from awsprov.cli.library_lock import resolve_libraries
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.errors import RefusedError
from awsprov.project.project import Project

if TYPE_CHECKING:
    from awsprov.cloudformation.export import TemplateExport
    from awsprov.terraform.export import TerraformExport

_SHOWN = 5  # names in an error


@click.group(cls=Group)
@common()
def export() -> None:
    """Write the stack as files for Terraform or CloudFormation, which then manages it. Nothing is changed on AWS.

    \b
    Examples:
      awsprov export terraform infra
      awsprov export cloudformation template
    """


@export.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@common()
@pass_settings
def terraform(settings: Settings, directory: Path) -> int:
    """Write the stack as Terraform files, with an `import` block for each existing resource.

    \b
    Examples:
      awsprov export terraform infra
      awsprov export terraform infra-prod --stage prod
    """
    from awsprov.terraform.export import export as to_terraform  # for this command only

    project = _exportable(settings, directory)
    exported = to_terraform(project.stack, project.aws)
    imports = sum(1 for resource in exported.resources if resource.import_id)
    return _write(settings, exported, directory, imports)


@export.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@common()
@pass_settings
def cloudformation(settings: Settings, directory: Path) -> int:
    """Write the stack as a CloudFormation template, with the resources to import for a change set.

    \b
    Examples:
      awsprov export cloudformation template
      awsprov export cloudformation template --stage prod
    """
    from awsprov.cloudformation.export import export as to_template  # for this command only

    project = _exportable(settings, directory)
    exported = to_template(project.stack, project.aws)
    return _write(settings, exported, directory, len(exported.resources))


def _exportable(settings: Settings, directory: Path) -> Project:
    """Return the project, whose stack can be exported to a directory."""
    _check_empty(directory)
    project = open_project(settings, files=True)
    _check_up_to_date(settings, project)
    return project


def _check_empty(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise RefusedError(f"{directory} is not empty; nothing was written.", remedy="Name a new directory.")


def _check_up_to_date(settings: Settings, project: Project) -> None:
    """Return if the stack matches config.yaml, so that the files describe what exists.

    Raises:
        NoStackError: nothing of the stack exists.
        RefusedError: the stack and config.yaml differ.
    """
    resolve_libraries(settings, project, read_only=True)
    found = project.plan()
    if found.first:
        raise project.no_stack()
    if not found.empty:
        names = [change.resource.name for change in found.changes if change.action != "keep"]
        more = ", …" if len(names) > _SHOWN else ""
        raise RefusedError(
            "The stack does not match config.yaml; nothing was written.",
            why=f"`up` would change {', '.join(names[:_SHOWN])}{more}.",
            remedy="`awsprov plan` shows the changes, `awsprov up` makes them.",
        )


def _write(settings: Settings, exported: "TerraformExport | TemplateExport", directory: Path, imports: int) -> int:
    """Write the files, and report that."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in exported.files.items():
        (directory / name).write_bytes(content)
    text = f"Wrote {len(exported.files)} files to {directory}; they import {imports} resources."
    print_result(settings, "export", text, files=sorted(exported.files), imports=imports)
    note(settings, f"Next: read {directory / 'README.md'}.")
    return 0
