"""up, deploy, down: the commands that change things."""

import sys
import time
from pathlib import Path

import click

from awsprov.cli import plan_view
from awsprov.cli.help_format import Command
from awsprov.cli.lock_check import locked_libraries
from awsprov.cli.next_steps import costs, hints
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.plan import planned, relocking, replacing
from awsprov.cli.run_context import working
from awsprov.cli.session import Session, confirm, open_session, say
from awsprov.engine.estimate import forecast_down, forecast_subset, forecast_up
from awsprov.engine.plan import Plan
from awsprov.engine.resource import Resource
from awsprov.engine.results import DownResult
from awsprov.errors import PartialError, RefusedError
from awsprov.operations.endpoints import list_endpoints
from awsprov.resources.compute.builder import Builder, no_builder
from awsprov.resources.storage.file_system import FileSystem
from awsprov.ui.json_output import print_json

_SAMPLE = "@examples/request.json"


@click.command(cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@replacing
@relocking
@click.option("--allow-data-loss", is_flag=True, help="Let a change delete a file system and what is on it.")
@common()
@pass_settings
def up(settings: Settings, file: Path | None, replace: tuple[str, ...], relock: bool, allow_data_loss: bool) -> int:
    """Make everything as config.yaml says; what stands already is left alone.

    Shows the plan and asks; --yes goes ahead. After a crash or Ctrl-C the same command goes on from there. With FILE,
    which `plan --out FILE` made, does exactly what is in it, unasked, or refuses.

    \b
    Examples:
      awsprov up --local --yes
      awsprov up --stage prod
      awsprov up tonight.plan
    """
    began = time.monotonic()
    session = open_session(settings, compares=True)
    locked_libraries(session, relock)
    say(settings, f"Looking at stack {session.config.stack} in {_where(session)} …")
    with session.lock():
        found = planned(session.engine(), session, file, replace)
        if found.first:
            from awsprov.cli.doctor import refuse_early  # noqa: PLC0415 - for a first `up` only

            refuse_early(session)
        if not (found.empty or file):
            _confirm_up(session, found)
        if found.empty:
            session.engine().up(found)
        else:
            _make(session, found, allow_data_loss)
    return _tell_up(session, found, began)


@click.command(cls=Command)
@relocking
@common()
@pass_settings
def deploy(settings: Settings, relock: bool) -> int:
    """Bring code and libraries up to date; nothing else is looked at.

    \b
    Examples:
      awsprov deploy
      awsprov deploy --local --json
    """
    began = time.monotonic()
    session = open_session(settings)
    locked_libraries(session, relock)
    if not (session.config.builder.is_permanent or session.built or "builder" in session.state.records):
        raise no_builder()
    deployed = [r for r in session.stack if r.deployed]
    with session.lock(), working(session, forecast_subset(deployed, session.stack, session.is_local)) as engine:
        done = engine.deploy()
    versions = {r.name: r.id for r in done.done if r.type in ("Alias", "Version", "Libraries")}
    changed = session.aws.mutations
    if settings.json:
        print_json("deployed", changed=changed > 0, ids=versions)
    else:
        _tell_remarks(session)
        say(settings, "Nothing to do." if not changed else f"Deployed in {time.monotonic() - began:.1f} s.")
        click.echo("\n".join(f"{name}  {version}" for name, version in versions.items()))
    return 0


@click.command(cls=Command)
@click.option("--keep-data", is_flag=True, help="Leave the file system; the next `up` finds it again.")
@click.option("--keep-network", is_flag=True, help="Leave VPC, subnets, gateways and groups.")
@click.option("--confirm", metavar="STACK", help="The stack's name: answers the question about the file system.")
@common()
@pass_settings
def down(settings: Settings, keep_data: bool, keep_network: bool, confirm: str | None) -> int:
    """Take everything away, and look whether anything is left.

    \b
    Examples:
      awsprov down --local --yes
      awsprov down --keep-data
    """
    began = time.monotonic()
    session = open_session(settings)
    _confirm_down(session, keep_data, confirm)
    written = [r for r in session.stack if session.state.get(r).id and type(r).delete is not Resource.delete]
    with session.lock(), working(session, forecast_down(written, session.stack)) as engine:
        gone = engine.down(
            lambda r: (keep_data and isinstance(r, FileSystem)) or (keep_network and r.area == "network")
        )
    _tell_down(session, gone, began)
    if gone.remaining:
        raise PartialError(
            f"{len(gone.remaining)} of {_tangible(gone)} remain.",
            failures=gone.failures,
        )
    return 0


def _make(session: Session, found: Plan, allow_data_loss: bool) -> None:
    """Do what was planned; then let the builder go, when it has done its work and is not kept."""
    _do(session, found, allow_data_loss)
    if not (session.config.builder.is_permanent or session.built):
        session.declare_anew()
        session.aws.clear_cache()  # the answers of before
        say(session.settings, "The libraries are published: the builder goes, with its role and its firewall.")
        _do(session, session.engine().plan())


def _do(session: Session, found: Plan, allow_data_loss: bool = False) -> None:
    with working(session, forecast_up(found, session.stack, session.is_local)) as engine:
        engine.up(found, allow_data_loss=allow_data_loss)


def _confirm_up(session: Session, found: Plan) -> None:
    if not session.settings.json:
        say(session.settings, plan_view.text(found, session))
    if not session.settings.yes:
        confirm(session.settings, "Go ahead?")
        session.aws.clear_cache()  # whoever was asked took a while to answer


def _confirm_down(session: Session, keep_data: bool, given: str | None) -> None:
    """What holds data is deleted only when the stack's name was typed, or --yes said."""
    settings, name = session.settings, session.config.stack
    if settings.yes or given == name:
        return
    if given:
        raise RefusedError(f"--confirm {given} does not name this stack, which is {name}.")
    if keep_data:
        confirm(settings, f"Delete stack {name} in {_where(session)}, but for its file system?")
        return
    if not sys.stdin.isatty():
        remedy = f"Add --confirm {name}, or --yes; --keep-data leaves the file system."
        raise RefusedError("This deletes the file system, and nobody is there to be asked.", remedy=remedy)
    say(settings, f"This deletes stack {name} in {_where(session)}, with its file system and all that is on it.")
    if click.prompt("Type the stack's name to go ahead", err=True, default="", show_default=False) != name:
        raise RefusedError("Not confirmed; nothing was changed.")


def _where(session: Session) -> str:
    return session.aws.endpoint or session.config.region


def _tell_up(session: Session, found: Plan, began: float) -> int:
    settings, aws = session.settings, session.aws
    answers = list_endpoints(session.stack, aws, session.config)
    seconds, calls = time.monotonic() - began, sum(aws.calls.values())
    if settings.json:
        urls = {f"{route.method} {route.path}": route.url for route in answers}
        sums = {"calls": calls, "mutations": aws.mutations, "changes": plan_view.counts(found)}
        print_json("summary", urls=urls, seconds=round(seconds, 1), **sums)
        return 0
    _tell_remarks(session)
    done = "Nothing to do" if found.empty else "Done"
    made = sum(not r.virtual for r in session.stack)
    say(settings, f"{done}: {made} resources in {seconds:.1f} s, {calls} AWS calls, {aws.mutations} of them changes.")
    for route in answers:
        click.echo(f"{route.method} {route.url}")
    say(settings, costs(session))
    say(settings, _next(settings, bool(answers), bool(session.stack.of(Builder))))
    return 0


def _tell_remarks(session: Session) -> None:
    for resource in session.stack:
        if resource.note:
            say(session.settings, click.style(f"Note: {resource.note}", fg="yellow"))


def _next(settings: Settings, routed: bool, builder: bool) -> str:
    over = " --http" if routed else ""
    steps = [
        (f"invoke{over}", _SAMPLE if Path(_SAMPLE[1:]).is_file() else "'{}'", "send a request"),
        ("status", "", "what there is"),
        ("logs", "-f", "the function's log"),
        *([("ssh", "", "a session with the builder")] if builder else []),
        ("down", "", "take it all away"),
    ]
    return hints([(f"{settings.again(command)} {more}".rstrip(), why) for command, more, why in steps])


def _tangible(gone: DownResult) -> int:
    return sum(not r.virtual for r in gone.found)


def _tell_down(session: Session, gone: DownResult, began: float) -> None:
    settings = session.settings
    found = _tangible(gone)
    kept = [f"{r.name} ({r.id})" for r in gone.kept if not r.virtual]
    if settings.json:
        print_json("summary", found=found, kept=kept, remaining=len(gone.remaining))
        return
    if not found and not kept:
        click.echo(f"There is no stack {session.config.stack} in {_where(session)}: nothing to do.")
        return
    if not gone.remaining:  # otherwise the error says so, with reasons
        click.echo(f"0 of {found} remain, after {time.monotonic() - began:.1f} s.")
    if kept:
        click.echo(f"Kept: {', '.join(kept)}.")
