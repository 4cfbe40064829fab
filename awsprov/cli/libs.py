"""libs: the environments of libraries and files on the file system."""

from typing import Any

import click

from awsprov.cli import environment_diff
from awsprov.cli.environment_diff import FILES, LIBRARIES, live, named
from awsprov.cli.help_format import Group
from awsprov.cli.import_times_view import by_package, by_part, ended_early
from awsprov.cli.libs_mount import mount
from awsprov.cli.options import common, function_argument, pass_settings
from awsprov.cli.output import confirm, note, print_result
from awsprov.cli.plan import CHANGES
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import width
from awsprov.config.models import Config
from awsprov.errors import NoStackError, RefusedError
from awsprov.operations.published_environments import PublishedEnvironment, published_environments
from awsprov.packaging.import_analysis import advice, imported_modules
from awsprov.project.project import Project
from awsprov.resources.compute.libraries import Libraries
from awsprov.ui.layout import TableRow, table


@click.group(cls=Group)
@common()
def libs() -> None:
    """Show, compare, verify, mount and remove the environments of libraries and files on the file system.

    \b
    Examples:
      awsprov libs list
      awsprov libs diff
    """


libs.add_command(mount)


@libs.command("list")
@common()
@pass_settings
def list_(settings: Settings) -> int:
    """Show the environments: when they were published, their size, and which versions use them.

    \b
    Examples:
      awsprov libs list
      awsprov libs list --json
    """
    project = open_project(settings)
    _, found = _find(settings, project)
    text = "\n".join(_lines(found)) or "No environment is published."
    print_result(settings, "libs", text, environments=[each.document() for each in found])
    return 0


@libs.command()
@click.argument("a", required=False, default="")
@click.argument("b", required=False, default="")
@common()
@pass_settings
def diff(settings: Settings, a: str, b: str) -> int:
    """Show which packages or files were added, removed or changed from environment A to environment B.

    By default A is what is live, and B what config.yaml asks for: the lock file's packages, and the current files. The
    first letters of a name are enough. If an environment is only on the file system, the builder is started to read it.

    \b
    Examples:
      awsprov libs diff
      awsprov libs diff 3f2a c81d
    """
    project = open_project(settings)
    libraries, found = _find(settings, project)
    chosen = environment_diff.pairs(project, found, a, b)
    contents = environment_diff.contents(project, libraries, chosen)
    text = "\n".join(line for pair in chosen for line in pair.text(contents))
    documents = {pair.kind: pair.document(contents) for pair in chosen}
    first, *others = documents
    more = {kind: documents[kind] for kind in others}
    print_result(settings, "diff", text, kind=first, **documents[first], **more)
    return 0


@libs.command()
@click.option(
    "--keep",
    default=2,
    show_default=True,
    metavar="N",
    type=click.IntRange(min=0),
    help="Unused ones to keep.",
)
@common()
@pass_settings
def prune(settings: Settings, keep: int) -> int:
    """Remove environments that no version of a function uses, but not those that config.yaml configures.

    The newest N unused ones are kept, of libraries and of files.

    \b
    Examples:
      awsprov libs prune
      awsprov libs prune --keep 0 --yes
    """
    project = open_project(settings)
    project.refuse_when_locked()
    unused = _unused(_find(settings, project)[1], keep)
    if unused:
        note(settings, "\n".join(_lines(unused, err=True)))
        confirm(settings, f"Remove {len(unused)} environments?")
        with project.lock():
            _remove(settings, project, unused, keep)
    size = sum(each.size for each in unused)
    text = f"Removed {len(unused)} environments, {size / 1e6:.0f} MB." if unused else "Nothing to remove."
    print_result(settings, "pruned", text, environments=[each.name for each in unused])
    return 0


def _unused(found: list[PublishedEnvironment], keep: int) -> list[PublishedEnvironment]:
    unused = [each for each in found if not (each.versions or each.wanted)]
    kept = {each.name for kind in (LIBRARIES, FILES) for each in [e for e in unused if e.kind == kind][:keep]}
    return [each for each in unused if each.name not in kept]


def _remove(settings: Settings, project: Project, confirmed: list[PublishedEnvironment], keep: int) -> None:
    """Remove environments, when they are still the unused ones.

    Raises:
        RefusedError: the question was about others.
    """
    project.aws.clear_cache()
    libraries, found = _find(settings, project)
    names = [each.name for each in confirmed]
    if [each.name for each in _unused(found, keep)] != names:
        raise RefusedError(
            "The environments have changed since the question was asked; nothing was removed.",
            remedy="Run the same command again.",
        )
    kept = {each.name for each in found if each.name not in names} | project.environments
    libraries.prune(project.aws, names, sorted(kept - {""}))


@libs.command()
@function_argument
@common()
@pass_settings
def why(settings: Settings, function: str | None) -> int:
    """Show what a cold start spends on imports, by package and by part, with each package's size and advice.

    The modules that the function imports at its start are imported on the builder, which is started for that.

    \b
    Examples:
      awsprov libs why
      awsprov libs why --function similarity --json
    """
    project = open_project(settings, function=function, choose=Config.function_name)
    name = project.config.function_name(function)
    chosen = project.config.functions[name]
    modules = imported_modules(chosen.source, chosen.handler)
    libraries, found = _find(settings, project)
    measured = libraries.import_times(project.aws, live(found), modules)
    costs, parts, failed = measured["packages"], measured["parts"], measured["failed"]
    costs.sort(key=lambda cost: (-cost["ms"], -cost["bytes"]))
    found_advice = [] if failed else advice(costs)
    remarks = ended_early(failed, name) if failed else found_advice
    lines = [*by_package(costs), *(["", *by_part(parts)] if parts else [])]
    text = "\n".join([*lines, *(["", *remarks] if remarks else [])])
    print_result(
        settings, "why", text, modules=modules, packages=costs, parts=parts, failed=failed, advice=found_advice
    )
    return 0


@libs.command()
@click.argument("names", nargs=-1)
@common()
@pass_settings
def verify(settings: Settings, names: tuple[str, ...]) -> int:
    """Compare environments with their manifests: names, modes, sizes, contents and links of all files.

    By default those are compared that are live. The first letters of a name are enough. The builder is started for
    that, and reads all files. Exits with 7 if something differs.

    \b
    Examples:
      awsprov libs verify
      awsprov libs verify 3f2a --json
    """
    project = open_project(settings)
    libraries, found = _find(settings, project)
    chosen = [named(found, name) for name in names] or [each for each in found if each.live]
    results = libraries.verify(project.aws, {each.name: each.manifest for each in chosen}) if chosen else {}
    text = "\n".join(line for name in results for line in _verified(name, results[name])) or "No environment is live."
    print_result(settings, "verified", text, environments=results)
    return CHANGES if any(each["differing"] for each in results.values()) else 0


def _verified(name: str, result: dict[str, Any]) -> list[str]:
    """Return the lines about an environment: what differs, and how many files there are."""
    shown, count = result["differences"], result["differing"]
    more = [f"  and {count - len(shown)} more"] if count > len(shown) else []
    files = f"{result['files']} file{'' if result['files'] == 1 else 's'}"
    return [
        f"{name}  {files}, {f'{count} differ' if count else 'as published'}",
        *(f"  {line}" for line in shown),
        *more,
    ]


def _find(settings: Settings, project: Project) -> tuple[Libraries, list[PublishedEnvironment]]:
    """Find the stack's libraries and its published environments.

    Raises:
        NoStackError: there is no file system.
    """
    engine = project.engine()
    engine.refresh()
    found = project.stack.of(Libraries)[0]
    if not found.build.file_system.id:
        raise NoStackError("The file system does not exist.", remedy="`awsprov up` creates it.")
    found.on_wait = lambda text: note(settings, text)
    recorded = engine.state.records.items()
    former = {n: r.id for n, r in recorded if r.type == "Function" and r.id and n not in project.config.functions}
    return found, published_environments(project.aws, project.stack, project.environments, former)


def _lines(environments: list[PublishedEnvironment], *, err: bool = False) -> list[str]:
    """Return a table of environments, for stdout or stderr; a narrow terminal gets less about each."""
    return table([_row(each) for each in environments], width(err=err), drop=(2, 3, 1), right=(3, 4))


def _row(each: PublishedEnvironment) -> TableRow:
    used = [f"{name} {', '.join(map(str, versions))}" for name, versions in each.versions.items()]
    words = [f"live: {', '.join(each.live)}"] if each.live else []
    words += [f"used by {'; '.join(used)}" if used else "unused", *(["wanted"] if each.wanted else [])]
    at = f"{each.at:%Y-%m-%d %H:%M}" if each.at else "date unknown"
    python = f"Python {each.python}" if each.kind == LIBRARIES else ""
    count, what = (each.packages, "package") if each.kind == LIBRARIES else (each.files, "file")
    number = f"{count} {what}{'' if count == 1 else 's'}"
    return each.name, at, python, number, f"{each.size / 1e6:.0f} MB", ", ".join(words)
