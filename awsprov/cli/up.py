"""up: create or update everything in config.yaml."""

import time
from pathlib import Path

import click

from awsprov.cli import plan_view
from awsprov.cli.help_format import Command
from awsprov.cli.library_lock import allow_option, locked_option, resolve_libraries
from awsprov.cli.local_secret import ask_missing
from awsprov.cli.next_steps import costs, curl_line, hints, request_step
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, confirm, note, print_result
from awsprov.cli.plan import detach_option, planned, replace_option
from awsprov.cli.project import open_project
from awsprov.cli.run_context import note_code_warnings, note_remarks, working
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import width
from awsprov.engine.estimate import forecast_up
from awsprov.engine.plan import Plan
from awsprov.errors import RefusedError
from awsprov.operations.endpoints import Endpoint, list_endpoints
from awsprov.operations.outbound import outbound_addresses, outbound_line
from awsprov.project.project import Project
from awsprov.project.recorded_stages import other_stages, stages_note
from awsprov.resources.compute.builder import Builder


@click.command(cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@replace_option
@locked_option
@allow_option
@detach_option
@click.option("--allow-data-loss", is_flag=True, help="Allow a change that deletes a file system and its data.")
@common()
@pass_settings
def up(
    settings: Settings,
    file: Path | None,
    replace: tuple[str, ...],
    locked: bool,
    allow: tuple[str, ...],
    detach_others: bool,
    allow_data_loss: bool,
) -> int:
    """Create or update everything in config.yaml. What is up to date is left alone.

    Shows the plan and asks before it changes anything; --yes does not ask. After a crash or Ctrl-C, run the same
    command again: it continues from there. With FILE, written by `plan --out FILE`, it carries out exactly that plan
    without asking, or refuses when the stack has changed since.

    \b
    Examples:
      awsprov up --local --yes
      awsprov up --stage prod
      awsprov up tonight.plan
    """
    began = time.monotonic()
    project = open_project(settings, allow, files=True)
    project.detach_others = detach_others
    project.refuse_when_locked()
    project.aws.credentials()  # before the libraries are resolved, which takes some seconds
    if settings.local and can_ask() and not settings.yes:
        ask_missing(settings, project.config)
    resolve_libraries(settings, project, locked=locked)
    project.start_parsing()
    note(settings, f"Comparing stack {project.config.stack} in {project.where} with {settings.config.name} …")
    found = planned(project, file, replace)
    _refuse_forgotten_stage(settings, project, found)
    project.check_account(found)
    if not (found.empty or file):
        _confirm(settings, project, found)
    with project.lock():
        project.write_lock()
        _carry_out(settings, project, project.current(found), allow_data_loss)
    _summarize(settings, project, found, began)
    return 0


def _refuse_forgotten_stage(settings: Settings, project: Project, found: Plan) -> None:
    """Refuse to create another stack beside those of stages, unless that is requested with `--stage ''`."""
    others = other_stages(project.config, settings)
    if found.first and others and "stage" not in settings.sources:
        raise RefusedError(
            f"Without --stage, this would create another stack, {project.config.stack}; nothing was changed.",
            why=stages_note(others),
            remedy=f"Add {others[0].option}, or --stage '' to create a stack without a stage.",
        )


def _confirm(settings: Settings, project: Project, found: Plan) -> None:
    if not settings.json:
        note(settings, plan_view.text(found, project, width(err=True), every=settings.verbose > 0))
    if not settings.yes:
        confirm(settings, "Go ahead?")
        project.aws.clear_cache()  # the answers that the plan was made from may be old by now


def _carry_out(settings: Settings, project: Project, found: Plan, allow_data_loss: bool) -> None:
    """Carry out the plan; then delete the builder, when it has done its work and is not kept."""
    if found.empty:
        project.apply(found)
        return
    _apply(settings, project, found, allow_data_loss)
    if project.builder_is_done():
        note(settings, "The libraries are published. Deleting the builder, its role and its security group …")
        _apply(settings, project, project.plan())


def _apply(settings: Settings, project: Project, found: Plan, allow_data_loss: bool = False) -> None:
    with working(settings, project, forecast_up(found, project.stack, project.is_local)):
        project.apply(found, allow_data_loss=allow_data_loss)


def _summarize(settings: Settings, project: Project, found: Plan, began: float) -> None:
    answers = list_endpoints(project.stack, project.aws, project.config)
    addresses = outbound_addresses(project.stack, project.aws)
    seconds, calls, mutations = time.monotonic() - began, sum(project.aws.calls.values()), project.aws.mutations
    note_remarks(settings, project)
    note_code_warnings(settings, project)
    note(settings, _sentence(project, found, seconds))
    print_result(
        settings,
        "summary",
        "\n".join(f"{route.method} {route.url}" for route in answers),
        urls={str(route): route.url for route in answers},
        outbound_addresses=addresses,
        seconds=round(seconds, 1),
        calls=calls,
        mutations=mutations,
        changes=plan_view.counts(found),
    )
    if addresses:
        note(settings, outbound_line(addresses))
    note(settings, costs(project))
    note(settings, _next(settings, project, answers))


def _sentence(project: Project, found: Plan, seconds: float) -> str:
    count = sum(not r.virtual for r in project.stack)
    calls, mutations = sum(project.aws.calls.values()), project.aws.mutations
    done = "No changes" if found.empty else "Done"
    return f"{done}: {count} resources, {calls} AWS calls ({mutations} of them changes), {seconds:.1f} s."


def _next(settings: Settings, project: Project, answers: list[Endpoint]) -> str:
    names = list(project.config.functions)
    steps = [
        request_step(project, answers),
        ("status", "show resources, health and URLs"),
        (f"logs {names[0]} -f" if len(names) > 1 else "logs -f", "follow the function's log"),
        *([("ssh", "open a shell on the builder")] if project.stack.of(Builder) else []),
        ("down", "delete the stack"),
    ]
    chosen = [(settings.command_hint(command), why) for command, why in steps]
    curl = curl_line(project, answers)
    return hints([*chosen[:1], *([(curl, "send one without awsprov")] if curl else []), *chosen[1:]])
