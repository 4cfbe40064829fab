"""status: what there is, and how it is."""

import json
from typing import Any

import click

from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.config import Config
from awsprov.endpoints import Route, routes
from awsprov.errors import NoStackError, UsageError
from awsprov.resource import AREAS, Resource
from awsprov.resources.compute import Builder
from awsprov.resources.releases import LIVE, Alias


@click.command()
@common()
@pass_settings
def status(settings: Settings) -> int:
    """Show what there is, and where it answers.

    \b
    Examples:
      awsprov status
      awsprov status --local --json
    """
    session = open_session(settings)
    session.engine().look()
    living = [r for r in session.stack if r.id and not r.intangible]
    if not living:
        raise NoStackError(
            f"There is no stack {session.config.stack} here.", remedy=f"{settings.again('up')} makes it."
        )
    answers, states = routes(session.stack, session.aws, session.config), _states(session)
    if settings.json:
        click.echo(json.dumps(_document(session, living, answers, states)))
    else:
        click.echo(_text(session, living, answers, states))
        say(settings, f"Next: {settings.again('plan')} shows whether anything differs from config.yaml.")
    return 0


def _states(session: Session) -> dict[str, str]:
    """What the builder and each function are doing."""
    states = {r.name: r.state(session.aws) for r in session.stack.of(Builder) if r.id.startswith("i-")}
    for alias in session.stack.of(Alias):
        if alias.id:
            where = {"FunctionName": alias.function.id, "Qualifier": LIVE}
            seen = session.aws.lambda_.get_function_configuration(**where)
            states[alias.function.name] = f"version {seen['Version']}, {seen.get('State', 'Active').lower()}"
    return states


def _document(session: Session, living: list[Resource], answers: list[Route], states: dict[str, str]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "stack": session.config.stack,
        "region": session.config.region,
        "resources": [{"name": r.name, "type": r.type, "id": r.id, "area": r.area} for r in living],
        "states": states,
        "urls": {f"{route.method} {route.path}": route.url for route in answers},
    }


def _text(session: Session, living: list[Resource], answers: list[Route], states: dict[str, str]) -> str:
    where = session.aws.endpoint or session.config.region
    lines = [
        click.style(
            f"Stack {session.config.stack} in {where}: {len(living)} of {_wanted(session)} resources", bold=True
        )
    ]
    for area in AREAS:
        if inside := [_line(r, states) for r in living if r.area == area]:
            lines += [area, *inside]
    return "\n".join([*lines, *(f"{route.method} {route.url}" for route in answers)])


def _wanted(session: Session) -> int:
    return sum(not r.intangible for r in session.stack)


def _line(resource: Resource, states: dict[str, str]) -> str:
    return f"  {resource.name:<24} {resource.id}  {states.get(resource.name, '')}".rstrip()


def chosen(config: Config, function: str | None) -> str:
    """The function that is meant: the named one, or the only one.

    Raises:
        UsageError: there is no such function, or there are several.
    """
    known = list(config.functions)
    if function is None and len(known) == 1:
        return known[0]
    if function not in known:
        what = f"There is no function {function!r}." if function else "There are several functions."
        raise UsageError(what, why=f"Functions: {', '.join(known)}.", remedy="Name one of them.")
    return function
