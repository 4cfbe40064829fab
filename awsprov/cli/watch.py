"""status and logs: the commands that look and change nothing."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from awsprov.aws import Aws, ClientError, error_code
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.config import Config
from awsprov.endpoints import Route, routes
from awsprov.errors import NoStackError, UsageError
from awsprov.remote import harmless
from awsprov.resource import AREAS, Resource
from awsprov.resources.compute import Builder
from awsprov.resources.releases import LIVE, Alias
from awsprov.resources.serving import LogGroup

_AGO = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
POLL = 1.0  # seconds between two looks at a log that is followed


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


@click.command()
@click.argument("function", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--since", default="10m", show_default=True, metavar="AGO", help="How far back: 30s, 10m, 2h, 1d.")
@common()
@pass_settings
def logs(settings: Settings, function: str | None, follow: bool, since: str) -> int:
    """Show a function's log lines, oldest first.

    \b
    Examples:
      awsprov logs -f
      awsprov logs similarity --since 2h --json
    """
    start = _start(since)
    session = open_session(settings)
    name = chosen(session.config, function)
    group = next(g for g in session.stack.of(LogGroup) if g.function == name)
    group.id = group.find(session.aws)
    if not group.id:
        raise NoStackError(f"{name} has no log.", remedy=f"{settings.again('up')} makes the function.")
    for event in _events(session.aws, group.id, start, follow):
        click.echo(json.dumps(event) if settings.json else _log_line(event))
    return 0


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


def _start(since: str) -> int:
    """Milliseconds since the epoch."""
    found = _AGO.fullmatch(since)
    if not found:
        raise UsageError(f"--since {since!r} is no span of time.", remedy="Write it as in 30s, 10m, 2h or 1d.")
    return int((time.time() - int(found[1]) * _SECONDS[found[2]]) * 1000)


def _events(aws: Aws, group: str, start: int, follow: bool) -> Iterator[dict[str, Any]]:
    """Log events, each once; while following, the last second is asked for again, as late ones may come in."""
    seen: set[str] = set()
    while True:
        for event in _page_through(aws, group, start):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                start = max(start, event["timestamp"] - 1000)
                yield event
        if not follow:
            return
        time.sleep(POLL)


def _page_through(aws: Aws, group: str, start: int) -> Iterator[Any]:
    try:
        for page in aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start):
            yield from page["events"]
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        raise NoStackError(f"The log group {group} is gone.", remedy="Run `awsprov up`.") from error


def _log_line(event: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone()
    return f"{at:%H:%M:%S}.{event['timestamp'] % 1000:03d}  {harmless(event['message'].rstrip())}"
