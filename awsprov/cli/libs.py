"""lock and libs: what the functions import, from requirements to the environments on the file system."""

from typing import Any

import click

from awsprov.cli.help_format import Command, Group
from awsprov.cli.lock_check import resolve
from awsprov.cli.options import Settings, common, pass_settings, which_function
from awsprov.cli.session import Session, chosen, confirm, open_session, say
from awsprov.errors import NoStackError, RefusedError, UsageError
from awsprov.operations.published_environments import PublishedEnvironment, published_environments
from awsprov.packaging.import_analysis import advice, imported_modules
from awsprov.packaging.lockfile import Pins, differences
from awsprov.resources.compute.libraries import Libraries
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@click.option("--upgrade", is_flag=True, help="Take the newest versions that the requirements allow.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 8 when the lock is missing or stale.")
@common()
@pass_settings
def lock(settings: Settings, upgrade: bool, check: bool) -> int:
    """Resolve requirements.txt into exact versions and hashes, in a lock file beside it.

    It is resolved for the functions' Python and platform, whatever machine this is; wheels only. Versions that are
    locked already stay where they can. With --local, for the cloud on this machine, whose lock is kept apart.

    \b
    Examples:
      awsprov lock
      awsprov lock --upgrade
    """
    session = open_session(settings)
    found = session.config.environment.lock
    if check:
        return _checked(session)
    changed = resolve(session, found, upgrade=upgrade)
    if settings.json:
        print_json("locked", path=str(found.path), packages=found.pins, changes=changed)
    else:
        click.echo("\n".join(changed) or "No version changed.")
    return 0


def _checked(session: Session) -> int:
    found = session.config.environment.lock
    if (state := found.state) != "fresh":
        raise RefusedError(f"{found.path.name} is {state}.", remedy="Run `awsprov lock`.")
    if session.settings.json:
        print_json("locked", path=str(found.path), packages=found.pins, changes=[])
    say(session.settings, f"{found.path.name} is of these requirements: {len(found.pins)} packages.")
    return 0


@click.group(cls=Group)
@common()
def libs() -> None:
    """Show, compare and remove the environments on the file system.

    \b
    Examples:
      awsprov libs list
      awsprov libs diff
    """


@libs.command("list")
@common()
@pass_settings
def list_(settings: Settings) -> int:
    """Show the environments: when they were made, how large they are, which versions use them.

    \b
    Examples:
      awsprov libs list
      awsprov libs list --json
    """
    session = open_session(settings)
    _, found = _looked(session)
    if settings.json:
        print_json("libs", environments=[each.document() for each in found])
    else:
        click.echo("\n".join(_line(each) for each in found) or "No environment is published.")
    return 0


@libs.command()
@click.argument("a", required=False, default="")
@click.argument("b", required=False, default="")
@common()
@pass_settings
def diff(settings: Settings, a: str, b: str) -> int:
    """Show which packages were added, removed or changed from environment A to B.

    A is the one that is live by default, B what the lock asks for. Environments may be named by their first letters.
    What is only on the file system is read there by the builder, which is started for it.

    \b
    Examples:
      awsprov libs diff
      awsprov libs diff 3f2a c81d
    """
    session = open_session(settings)
    libraries, found = _looked(session)
    first = _named(found, a).name if a else _live(found)
    second = _named(found, b).name if b else session.config.environment.name
    contents = _contents(session, libraries, {first, second})
    changed = differences(contents[first], contents[second])
    if settings.json:
        print_json("diff", a=first, b=second, changes=changed)
    else:
        click.echo("\n".join([f"{first} → {second}", *(changed or ["The same packages."])]))
    return 0


@libs.command()
@click.option(
    "--keep", default=2, show_default=True, metavar="N", type=click.IntRange(min=0), help="Of the unused ones."
)
@common()
@pass_settings
def prune(settings: Settings, keep: int) -> int:
    """Remove environments that no version of a function uses; the last N of them stay, and the one that is wanted.

    \b
    Examples:
      awsprov libs prune
      awsprov libs prune --keep 0 --yes
    """
    session = open_session(settings)
    with session.lock():
        libraries, found = _looked(session)
        to_delete = [each for each in found if not (each.versions or each.wanted)][keep:]
        if to_delete:
            _confirm(session, to_delete)
            kept = {each.name for each in found if each not in to_delete} | {session.config.environment.name}
            libraries.prune(session.aws, [each.name for each in to_delete], sorted(kept - {""}))
    size = sum(each.size for each in to_delete)
    if settings.json:
        print_json("pruned", environments=[each.name for each in to_delete])
    else:
        click.echo(
            f"Removed {len(to_delete)} environments, {size / 1e6:.0f} MB." if to_delete else "Nothing to remove."
        )
    return 0


@libs.command()
@which_function
@common()
@pass_settings
def why(settings: Settings, function: str | None) -> int:
    """Show what a cold start spends on imports, by package, and how large each is; with advice.

    What the function's code imports at its start is imported on the builder, which is started for it.

    \b
    Examples:
      awsprov libs why
      awsprov libs why --function similarity --json
    """
    session = open_session(settings)
    modules = imported_modules(session.config.functions[chosen(session.config, function)].source)
    libraries, found = _looked(session)
    costs = libraries.import_times(session.aws, _live(found), modules)
    costs.sort(key=lambda cost: (-cost["ms"], -cost["bytes"]))
    if settings.json:
        print_json("why", modules=modules, packages=costs, advice=advice(costs))
    else:
        click.echo("\n".join([*_costs(costs), *(["", *advice(costs)] if advice(costs) else [])]))
    return 0


def _looked(session: Session) -> tuple[Libraries, list[PublishedEnvironment]]:
    """The libraries, and the environments there are, after one look at the stack.

    Raises:
        NoStackError: there is no file system.
    """
    engine = session.engine()
    engine.refresh()
    found = session.stack.of(Libraries)[0]
    if not found.file_system.id:
        raise NoStackError("There is no file system.", remedy=f"{session.settings.again('up')} makes it.")
    found.on_wait = lambda text: say(session.settings, text)
    recorded = engine.state.records.items()
    former = {n: r.id for n, r in recorded if r.type == "Function" and r.id and n not in session.config.functions}
    return found, published_environments(session.aws, session.stack, session.config.environment.name, former)


def _named(found: list[PublishedEnvironment], start: str) -> PublishedEnvironment:
    """The one environment whose name begins so."""
    fitting = [each for each in found if each.name.startswith(start)]
    if len(fitting) != 1:
        known = ", ".join(each.name for each in found) or "none"
        raise UsageError(f"{len(fitting)} environments are called {start}…", why=f"Published: {known}.")
    return fitting[0]


def _live(found: list[PublishedEnvironment]) -> str:
    live = [each.name for each in found if each.live]
    if len(live) != 1:
        raise UsageError(
            f"{len(live)} environments are live.", remedy="Name the one that you mean; `awsprov libs list` shows them."
        )
    return live[0]


def _contents(session: Session, libraries: Libraries, names: set[str]) -> dict[str, Pins]:
    """The packages of environments: the wanted one's from the lock, the others' from the file system."""
    wanted = session.config.environment
    elsewhere = sorted(names - {wanted.name})
    read = libraries.packages(session.aws, elsewhere) if elsewhere else {}
    return {**read, wanted.name: wanted.lock.pins}


def _confirm(session: Session, to_delete: list[PublishedEnvironment]) -> None:
    say(session.settings, "\n".join(map(_line, to_delete)))
    confirm(session.settings, f"Remove {len(to_delete)} environments?")


def _line(each: PublishedEnvironment) -> str:
    used = [f"{name} {', '.join(map(str, versions))}" for name, versions in each.versions.items()]
    words = [f"live: {', '.join(each.live)}"] if each.live else []
    words += [f"used by {'; '.join(used)}" if used else "unused", *(["wanted"] if each.wanted else [])]
    at = f"{each.at:%Y-%m-%d %H:%M}" if each.at else "at some time  "
    size = f"{each.packages:3} packages {each.size / 1e6:6.0f} MB"
    return f"{each.name}  {at}  Python {each.python:8}{size}  {', '.join(words)}"


def _costs(costs: list[dict[str, Any]]) -> list[str]:
    rows = [f"{c['ms']:8.0f} {c['bytes'] / 1e6:8.1f}  {c['package']} {c['version']}" for c in costs]
    total = f"{sum(c['ms'] for c in costs):8.0f} {sum(c['bytes'] for c in costs) / 1e6:8.1f}  in all"
    return ["      ms       MB  package", *rows, total]
