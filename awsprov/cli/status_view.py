"""status, as AWS reports it: resources, health, URLs, and the likely next commands."""

import time
from typing import Any

from awsprov.cli.next_steps import costs, hints, request_words
from awsprov.cli.output import note, print_result
from awsprov.cli.project import holder_document, note_holder, open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style
from awsprov.engine.resource import AREAS
from awsprov.operations.function_health import WITHIN, Health
from awsprov.operations.outbound import outbound_line
from awsprov.project.project import Project
from awsprov.project.status import Status

_LONGEST = 100  # characters of a failure that are shown


def show(settings: Settings) -> int:
    """Ask AWS, and print the result."""
    project = open_project(settings)
    note_holder(settings, project)
    found = project.status()
    lines = [*_head(project, found), *_functions(found.functions), *_resources(found), *_urls(found)]
    print_result(settings, "status", "\n".join(lines), **_document(project, found))
    note(settings, f"{costs(project, found.builders)}\n{_hints(settings, project, found)}")
    return 0


def _document(project: Project, found: Status) -> dict[str, Any]:
    versions = {name: f"version {h.version}, {h.state.lower()}" for name, h in found.functions.items()}
    return {
        "stack": project.config.stack,
        "region": project.config.region,
        "paused": found.paused,
        "resources": [{"name": r.name, "type": r.type, "id": r.id, "area": r.area} for r in found.resources],
        "missing": found.missing,
        "states": {**found.builders, **versions},
        "functions": {name: _plain(each) for name, each in found.functions.items()},
        "outbound_addresses": found.addresses,
        "urls": {f"{route.method} {route.path}": route.url for route in found.routes},
        "holder": holder_document(project),
    }


def _plain(each: Health) -> dict[str, Any]:
    live = each.live
    released = (
        {"at": live.at.isoformat(), "by": live.by, "code": live.code, "libraries": live.libraries} if live else {}
    )
    failures = [{"at": failure.at.isoformat(), "line": failure.line} for failure in each.failures]
    return {"version": each.version, "state": each.state, "reason": each.reason, "healthy": each.healthy,
            "released": released, "published": each.published, "failures": failures}  # fmt: skip


def _head(project: Project, found: Status) -> list[str]:
    count, missing = len(found.resources), found.missing
    paused = ", paused" if found.paused else ""
    line = f"Stack {project.config.stack} in {project.where}: {count} of {count + len(missing)} resources{paused}"
    more = [style(f"missing: {', '.join(missing)}", fg="yellow")] if missing else []
    return [style(line, bold=True), *more]


def _functions(functions: dict[str, Health]) -> list[str]:
    return [line for name, each in functions.items() for line in (_function(name, each), _failures(each))]


def _function(name: str, each: Health) -> str:
    mark = style("✓", fg="green") if each.healthy else style("✗", fg="red")
    line = f"{mark} {name:<24} version {each.version} of {each.published}, {each.state.lower()} {each.reason}".rstrip()
    if each.live is None:
        return line
    by = f" by {each.live.by}" if each.live.by else ""
    return f"{line}, released {each.live.at.astimezone():%Y-%m-%d %H:%M} ({_age(each)}){by}"


def _age(each: Health) -> str:
    """Return how long ago the live version was released."""
    seconds = time.time() - each.live.at.timestamp() if each.live else 0.0
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _failures(each: Health) -> str:
    if not each.failures:
        return f"{'':<27}no errors in the log of the last {WITHIN // 60:.0f} min"
    last, count = each.failures[-1], len(each.failures)
    lines = f"{count} error line{'s' if count > 1 else ''} in the log of the last {WITHIN // 60:.0f} min"
    line = last.line[:_LONGEST]
    text = f"{lines}, the last at {last.at.astimezone():%H:%M:%S}: {line}"
    return style(f"{'':<27}{text}", fg="red")


def _resources(found: Status) -> list[str]:
    lines = []
    for area in AREAS:
        if inside := [r for r in found.resources if r.area == area]:
            lines += [style(area, bold=True)]
            lines += [f"  {r.name:<24} {r.id}  {found.builders.get(r.name, '')}".rstrip() for r in inside]
    return lines


def _urls(found: Status) -> list[str]:
    line = outbound_line(found.addresses)
    return [*(f"{route.method} {route.url}" for route in found.routes), *([line] if line else [])]


def _hints(settings: Settings, project: Project, found: Status) -> str:
    """Return the likely next commands, most likely first."""
    failing = [name for name, each in found.functions.items() if not each.healthy]
    which = f" {failing[0]}" if failing and len(found.functions) > 1 else ""
    steps = [
        (bool(found.missing), "up", "create what is missing"),
        (found.paused, "resume", "create the NAT gateways again"),
        (bool(failing), f"logs{which} --errors --since 1h", "show what failed"),
        (bool(failing), f"explain -n{which}" if which else "explain", "find out why requests fail"),
        (not (failing or found.missing), request_words(project, found.routes), "send a request"),
        (True, "plan", "compare the stack with config.yaml"),
    ]
    chosen = [(settings.command_hint(command), why) for due, command, why in steps if due]
    return hints(chosen[:3])
