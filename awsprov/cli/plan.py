"""plan: what `up` would do; and `up FILE`, which does exactly that or refuses."""

from pathlib import Path

import click

from awsprov import saved
from awsprov.cli import plans
from awsprov.cli.helping import Command
from awsprov.cli.locking import locked_libraries
from awsprov.cli.names import completing, resources
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.engine import Engine
from awsprov.errors import UsageError
from awsprov.plan import Plan
from awsprov.programs import print_json

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
    shown = plans.document(found, session)
    if out:
        saved.save(out, found, session.state.home, replace, shown)
    if settings.json:
        print_json("plan", **shown)
    else:
        click.echo(plans.text(found, session))
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
    kept = saved.load(file, session.state.home)
    found = engine.plan(kept.forced)
    kept.check(found)
    return found
