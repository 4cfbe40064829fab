"""down: delete the stack, and check that nothing is left."""

import time

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, note, print_result
from awsprov.cli.output import confirm as ask
from awsprov.cli.project import absent_stack, open_project
from awsprov.cli.run_context import working
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import prompt
from awsprov.engine.estimate import forecast_down
from awsprov.engine.resource import Resource
from awsprov.engine.results import DownResult
from awsprov.engine.state import State
from awsprov.errors import RefusedError
from awsprov.project.project import Project
from awsprov.project.recorded_stages import other_stages, stages_note


@click.command(cls=Command)
@click.option("--keep-data", is_flag=True, help="Keep the file system; the next `up` finds it again.")
@click.option("--keep-network", is_flag=True, help="Keep VPC, subnets, gateways and security groups.")
@click.option("--confirm", metavar="STACK", help="The stack's name: answers the question about the file system.")
@common()
@pass_settings
def down(settings: Settings, keep_data: bool, keep_network: bool, confirm: str | None) -> int:
    """Delete the stack, and check that nothing is left.

    \b
    Examples:
      awsprov down --local --yes
      awsprov down --keep-data
    """
    began = time.monotonic()
    if name := absent_stack(settings):
        text = f"Stack {name} does not exist in the local cloud: nothing to delete."
        print_result(settings, "summary", text, kept=[], foreign=[], found=0, remaining=0)
        return 0
    project = open_project(settings)
    confirmed = _confirm(settings, project, keep_data, confirm)
    with project.lock() as state:
        if confirmed:
            _check_same(confirmed, state)
        recorded = [r for r in project.stack if state.get(r).id and type(r).delete is not Resource.delete]
        with working(settings, project, forecast_down(recorded, project.stack)):
            result = project.down(keep_data=keep_data, keep_network=keep_network, check=False)
    _print(settings, project, result, began)
    if result.count and (others := stages_note(other_stages(project.config, settings))):
        note(settings, others)
    result.check()
    return 0


def _confirm(settings: Settings, project: Project, keep_data: bool, given: str | None) -> State | None:
    """Ask before anything is deleted; deleting data needs the stack's name, or --yes.

    Returns the state that was shown with the question; None when no question was asked.

    Raises:
        RefusedError: it was not confirmed.
        LockedError: another process is changing the stack.
    """
    name = project.config.stack
    if settings.yes or given == name:
        return None
    if given:
        raise RefusedError(
            f"--confirm {given} is not the name of this stack, which is {name}; nothing was deleted.",
            remedy=f"Check --config and --stage. To delete {name}: `awsprov down --confirm {name}`.",
        )
    if not can_ask():
        remedy = f"Run the same command with --yes, or with --confirm {name}"
        remedy += "." if keep_data else "; --keep-data keeps the file system."
        what = f"Deleting stack {name} needs a confirmation, but stdin is not a terminal; nothing was changed."
        raise RefusedError(what, remedy=remedy)
    project.refuse_when_locked()
    stack = f"stack {name} in {project.where} ({len(project.state.records)} recorded resources)"
    if keep_data:
        ask(settings, f"Delete {stack}, but keep its file system?")
    else:
        data = (
            "; its file system is kept" if project.config.file_system else ", with its file system and all data on it"
        )
        note(settings, f"This deletes {stack}{data}.")
        if prompt("Type the stack's name to go ahead", "", show_default=False) != name:
            raise RefusedError("Not confirmed; nothing was changed.")
    return project.state


def _check_same(confirmed: State, state: State) -> None:
    """Refuse to delete what did not exist, or was another resource, when the user was asked."""
    if state.same_as(confirmed):
        return
    names = [n for n, record in state.records.items() if confirmed.records.get(n) != record]
    raise RefusedError(
        "The stack has changed since the question was asked; nothing was deleted.",
        why=f"Changed: {', '.join(names)}." if names else "",
        remedy="Run the same command again.",
    )


def _print(settings: Settings, project: Project, result: DownResult, began: float) -> None:
    kept = [f"{r.name} ({r.id})" for r in result.kept if not r.virtual]
    foreign = [f"{r.name} ({r.id})" for r in result.foreign]
    lines = [f"Kept: {', '.join(kept)}."] if kept else []
    lines += [f"Left alone, as their tags are not this stack's: {', '.join(foreign)}."] if foreign else []
    if not (result.count or kept or foreign):
        lines = [f"Stack {project.config.stack} does not exist in {project.where}: nothing to delete."]
        lines += [others] if (others := stages_note(other_stages(project.config, settings))) else []
    elif not result.remaining:  # otherwise the error says what remains, and why
        counted = f"{result.count} resource{'' if result.count == 1 else 's'}"
        lines = [f"Deleted {counted} in {time.monotonic() - began:.1f} s; 0 remain.", *lines]
        lines += _left_behind(project)
    counts = {"found": result.count, "remaining": len(result.remaining)}
    print_result(settings, "summary", "\n".join(lines), kept=kept, foreign=foreign, **counts)


def _left_behind(project: Project) -> list[str]:
    """Return what is left on an existing file system, and how to delete it; nothing without one."""
    system, directory = project.config.file_system, project.config.library_directory
    if not system:
        return []
    what = f"{system} is kept, with the libraries of this stack in {directory}."
    command = f"sudo mount -t efs -o tls {system}:/ /mnt && sudo rm -r /mnt{directory}"
    return [f"{what} To delete them, run on a machine in its VPC:", f"  {command}"]
