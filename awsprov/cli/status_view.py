"""What runs, how it is, where it answers, and what one may want to do next: `status`, once AWS was asked."""

import time
from typing import Any

import click

from awsprov.cli.next_steps import costs, hints
from awsprov.cli.options import Settings
from awsprov.cli.session import Session, open_session, say
from awsprov.engine.resource import AREAS
from awsprov.errors import NoStackError
from awsprov.operations.endpoints import Endpoint, list_endpoints
from awsprov.operations.function_health import WITHIN, Health, health
from awsprov.resources.compute.builder import Builder
from awsprov.resources.function.versions import Alias
from awsprov.ssh.terminal import strip_control_sequences
from awsprov.ui.json_output import print_json

_LONGEST = 100  # characters of a failure that are shown


def show(settings: Settings) -> int:
    """Ask AWS, and print what stands."""
    session = open_session(settings)
    session.engine().refresh()
    if not session.stack.living:
        raise NoStackError(
            f"There is no stack {session.config.stack} here.", remedy=f"{settings.again('up')} makes it."
        )
    functions = health(session.aws, [alias for alias in session.stack.of(Alias) if alias.id])
    answers = list_endpoints(session.stack, session.aws, session.config)
    builders = {r.name: r.state(session.aws) for r in session.stack.of(Builder) if r.id.startswith("i-")}
    if settings.json:
        states = {**builders, **{name: f"version {h.version}, {h.state.lower()}" for name, h in functions.items()}}
        print_json("status", **_document(session, states, functions, answers))
    else:
        click.echo(
            "\n".join([*_head(session), *_functions(functions), *_resources(session, builders), *_urls(answers)])
        )
        say(settings, f"{costs(session, builders)}\n{_hints(session, functions, answers)}")
    return 0


def _missing(session: Session) -> list[str]:
    return [r.name for r in session.stack if not r.id and not r.virtual]


def _document(
    session: Session, states: dict[str, str], functions: dict[str, Health], answers: list[Endpoint]
) -> dict[str, Any]:
    return {
        "stack": session.config.stack,
        "region": session.config.region,
        "paused": session.config.paused,
        "resources": [{"name": r.name, "type": r.type, "id": r.id, "area": r.area} for r in session.stack.living],
        "missing": _missing(session),
        "states": states,
        "functions": {name: _plain(each) for name, each in functions.items()},
        "urls": {f"{route.method} {route.path}": route.url for route in answers},
    }


def _plain(each: Health) -> dict[str, Any]:
    live = each.live
    released = (
        {"at": live.at.isoformat(), "by": live.by, "code": live.code, "libraries": live.libraries} if live else {}
    )
    failures = [{"at": failure.at.isoformat(), "line": failure.line} for failure in each.failures]
    return {"version": each.version, "state": each.state, "reason": each.reason, "sound": each.sound,
            "released": released, "published": each.published, "failures": failures}  # fmt: skip


def _head(session: Session) -> list[str]:
    where = session.aws.endpoint or session.config.region
    living, missing = len(session.stack.living), _missing(session)
    paused = ", paused" if session.config.paused else ""
    lines = [f"Stack {session.config.stack} in {where}: {living} of {living + len(missing)} resources{paused}"]
    lines = [click.style(line, bold=True) for line in lines]
    return [*lines, click.style(f"missing: {', '.join(missing)}", fg="yellow")] if missing else lines


def _functions(functions: dict[str, Health]) -> list[str]:
    return [line for name, each in functions.items() for line in (_function(name, each), _failures(each))]


def _function(name: str, each: Health) -> str:
    mark = click.style("✓", fg="green") if each.sound else click.style("✗", fg="red")
    line = f"{mark} {name:<24} version {each.version} of {each.published}, {each.state.lower()} {each.reason}".rstrip()
    if each.live is None:
        return line
    by = f" by {each.live.by}" if each.live.by else ""
    return strip_control_sequences(f"{line}, released {each.live.at.astimezone():%Y-%m-%d %H:%M} ({_age(each)}){by}")


def _age(each: Health) -> str:
    """How long ago it was released."""
    seconds = time.time() - each.live.at.timestamp() if each.live else 0.0
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _failures(each: Health) -> str:
    if not each.failures:
        return f"{'':<27}no failure in its log of the last {WITHIN // 60:.0f} min"
    last, count = each.failures[-1], len(each.failures)
    many = f"{count} lines of the last {WITHIN // 60:.0f} min tell" if count > 1 else "one line of its log tells"
    line = strip_control_sequences(last.line)[:_LONGEST]
    told = f"{many} of failures, the last at {last.at.astimezone():%H:%M:%S}: {line}"
    return click.style(f"{'':<27}{told}", fg="red")


def _resources(session: Session, states: dict[str, str]) -> list[str]:
    lines = []
    for area in AREAS:
        if inside := [r for r in session.stack.living if r.area == area]:
            lines += [click.style(area, bold=True)]
            lines += [f"  {r.name:<24} {r.id}  {states.get(r.name, '')}".rstrip() for r in inside]
    return lines


def _urls(answers: list[Endpoint]) -> list[str]:
    return [f"{route.method} {route.url}" for route in answers]


def _hints(session: Session, functions: dict[str, Health], answers: list[Endpoint]) -> str:
    """The next commands, the likeliest first."""
    sick = [name for name, each in functions.items() if not each.sound]
    which = f" {sick[0]}" if sick and len(functions) > 1 else ""
    over = " --http" if answers else ""
    steps = [
        (bool(_missing(session)), "up", "", "makes what is missing"),
        (session.config.paused, "resume", "", "brings back the ways out"),
        (bool(sick), "logs", f"{which} --errors --since 1h", "shows what failed"),
        (bool(sick), "explain", f" -n{which}" if which else "", "finds out why requests fail"),
        (not sick, f"invoke{over}", " @request.json", "sends a request"),
        (True, "plan", "", "shows whether anything differs from config.yaml"),
    ]
    chosen = [(session.settings.again(command) + more, why) for due, command, more, why in steps if due]
    return hints(chosen[:3])
