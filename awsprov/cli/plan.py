"""plan: what `up` would do; and `up FILE`, which does exactly that or refuses."""

from pathlib import Path

import click

from awsprov.cli import plan_view
from awsprov.cli.completers import completing, resources
from awsprov.cli.help_format import Command
from awsprov.cli.lock_check import locked_libraries
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.engine import plan_file
from awsprov.engine.engine import Engine
from awsprov.engine.plan import Plan
from awsprov.errors import UsageError
from awsprov.ui.json_output import print_json

CHANGES = 7  # the exit code of `plan --detailed-exitcode`

replacing = click.option(
    "--replace",
    multiple=True,
    metavar="NAME",
    shell_complete=completing(resources),
    help="Make this resource anew. May be repeated.",
)
relocking = click.option(
    "--relock", is_flag=True, help="Resolve requirements.txt anew; a stale lock is refused otherwise."
)


@click.command(cls=Command)
@replacing
@relocking
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep it for `up FILE`.")
@click.option("--detailed-exitcode", is_flag=True, help=f"Exit with {CHANGES} when there are changes.")
@common()
@pass_settings
def plan(settings: Settings, replace: tuple[str, ...], relock: bool, out: Path | None, detailed_exitcode: bool) -> int:
    """Show what `up` would do, and change nothing.

    \b
    Examples:
      awsprov plan
      awsprov plan --local --detailed-exitcode
      awsprov plan --out tonight.plan
    """
    session = open_session(settings, compares=True)
    locked_libraries(session, relock)
    found = session.engine().plan(replace)
    shown = plan_view.document(found, session)
    if out:
        plan_file.save(out, found, session.state.key, replace, shown)
    if settings.json:
        print_json("plan", **shown)
    else:
        click.echo(plan_view.text(found, session))
    if out:
        say(settings, f"Kept. {settings.again('up')} {out} does exactly this, or refuses.")
    return CHANGES if detailed_exitcode and not found.empty else 0


def planned(engine: Engine, session: Session, file: Path | None, replace: tuple[str, ...]) -> Plan:
    """A look at everything; with a file, it must come to what that holds.

    Raises:
        UsageError: the file is no plan.
        RefusedError: the stack or the configuration has changed since.
    """
    if file is None:
        return engine.plan(replace)
    if replace:
        raise UsageError("A plan says already what is to be replaced.", remedy="Leave out --replace, or the file.")
    kept = plan_file.load(file, session.state.key)
    found = engine.plan(kept.forced)
    kept.check(found)
    return found
