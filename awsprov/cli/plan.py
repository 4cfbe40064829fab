"""plan: what `up` would change; and `up FILE`, which carries out exactly that or refuses."""

import shlex
from pathlib import Path

import click

from awsprov.cli import plan_view
from awsprov.cli.help_format import Command
from awsprov.cli.library_lock import locked_option, resolve_libraries
from awsprov.cli.options import common, completing, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import holder_document, note_holder, open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import width
from awsprov.engine import plan_file
from awsprov.engine.plan import Plan
from awsprov.errors import RefusedError, UsageError
from awsprov.project.project import Project

CHANGES = 7  # the exit code of `plan --detailed-exitcode`

replace_option = click.option(
    "--replace",
    multiple=True,
    metavar="NAME",
    shell_complete=completing("resources"),
    help="Replace this resource, even if nothing differs. May be repeated.",
)

detach_option = click.option(
    "--detach-others", is_flag=True, help="Detach policies that others attached to roles, and delete inline ones."
)


@click.command(cls=Command)
@replace_option
@detach_option
@locked_option
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save the plan, for `up FILE`."
)
@click.option("--detailed-exitcode", is_flag=True, help=f"Exit with {CHANGES} when there are changes.")
@common()
@pass_settings
def plan(
    settings: Settings,
    replace: tuple[str, ...],
    detach_others: bool,
    locked: bool,
    out: Path | None,
    detailed_exitcode: bool,
) -> int:
    """Show what `up` would change; changes nothing.

    \b
    Examples:
      awsprov plan
      awsprov plan --local --detailed-exitcode
      awsprov plan --out tonight.plan
    """
    project = open_project(settings, files=True)
    project.detach_others = detach_others
    project.aws.credentials()  # before the libraries are resolved, which takes some seconds
    resolve_libraries(settings, project, read_only=True, locked=locked)
    project.start_parsing()
    note_holder(settings, project)
    if out and project.config.libraries_unknown:
        raise RefusedError(
            "The plan was not saved: its libraries are known after `up`.",
            why=project.config.libraries_unknown,
            remedy="Run `awsprov lock` first, which builds it.",
        )
    found = project.plan(replace)
    shown = plan_view.document(found, project)
    if out:
        plan_file.save(out, found, project.state.key, replace, shown)
    text = "" if settings.json else plan_view.text(found, project, width(), every=settings.verbose > 0)
    print_result(settings, "plan", text, **shown, holder=holder_document(project))
    if out:
        note(settings, f"Saved. `awsprov up {shlex.quote(str(out))}` carries out exactly this plan, or refuses.")
    return CHANGES if detailed_exitcode and not found.empty else 0


def planned(project: Project, file: Path | None, replace: tuple[str, ...]) -> Plan:
    """Return a new plan; with a file, it must be the same as the plan in it.

    Raises:
        UsageError: the file is not a plan.
        RefusedError: the stack or the configuration has changed since.
    """
    if file is None:
        return project.plan(replace)
    if replace:
        raise UsageError("A saved plan already says what is replaced.", remedy="Leave out --replace, or the file.")
    saved = plan_file.load(file, project.state.key)
    found = project.plan(saved.forced)
    saved.check(found)
    return found
