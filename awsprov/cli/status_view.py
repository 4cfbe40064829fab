"""status, as AWS reports it: resources, health, URLs, and the likely next commands."""

import math
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from awsprov.aws.failed_requests import FailedRequest
from awsprov.cli.next_steps import costs, curl_line, hints, request_step
from awsprov.cli.output import note, print_result
from awsprov.cli.project import absent_stack, holder_document, note_holder, open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style, width
from awsprov.engine.resource import AREAS
from awsprov.errors import NoStackError
from awsprov.operations.function_health import Health
from awsprov.operations.outbound import outbound_line
from awsprov.project.project import Project
from awsprov.project.recorded_stages import other_stages, stages_note
from awsprov.project.status import Status
from awsprov.ui.layout import TableRow, table

_MARGIN = "  "
_LONGEST = 100  # characters of an error that are shown


def show(settings: Settings) -> int:
    """Ask AWS, and print the result."""
    if name := absent_stack(settings):
        raise NoStackError(f"Stack {name} does not exist in the local cloud.", remedy="`awsprov up` creates it.")
    project = open_project(settings)
    note_holder(settings, project)
    found = project.status()
    lines = _head(project, found)
    if not found.only_data:
        lines += [*_functions(project, found.functions), *_resources(found), *_urls(project, found)]
    print_result(settings, "status", "\n".join(lines), **_document(project, found))
    if others := stages_note(other_stages(project.config, settings)):
        note(settings, others)
    note(settings, f"{costs(project, found.instances)}\n{_hints(settings, project, found)}")
    return 0


def _document(project: Project, found: Status) -> dict[str, Any]:
    versions = {name: f"version {h.version}, {h.state.lower()}" for name, h in found.functions.items()}
    return {
        "stack": project.config.stack,
        "region": project.config.region,
        "paused": found.paused,
        "resources": [{"name": r.name, "type": r.type, "id": r.id, "area": r.area} for r in found.resources],
        "missing": found.missing,
        "states": {**found.instances, **versions},
        "functions": {name: _plain(each) for name, each in found.functions.items()},
        "outbound_addresses": found.addresses,
        "outbound_failure": found.nat_failure,
        "urls": {str(route): route.url for route in found.routes},
        "other_stages": [each.stage for each in other_stages(project.config, project.location)],
        "holder": holder_document(project),
    }


def _plain(each: Health) -> dict[str, Any]:
    live = each.live
    released = {
        "at": live.at.isoformat(), "by": live.by, "code": live.code, "libraries": live.libraries, "files": live.files
    } if live else {}  # fmt: skip
    failures = [
        {"at": failure.at.isoformat(), "line": failure.error, "request_id": failure.request_id}
        for failure in each.failures
    ]
    api_failures = [
        {"at": failure.at.isoformat(), "request": failure.request, "status": failure.status, "reason": failure.reason}
        for failure in each.api_failures
    ]
    return {"version": each.version, "state": each.state, "reason": each.reason, "healthy": each.healthy,
            "released": released, "published": each.published, "live_since": each.since.isoformat(),
            "failures": failures, "api_failures": api_failures}  # fmt: skip


def _head(project: Project, found: Status) -> list[str]:
    if found.only_data:
        kept = ", ".join(f"{r.name} {r.id}" for r in found.resources)
        return [style(f"Stack {project.config.stack} in {project.where} is down. Its data is kept: {kept}", bold=True)]
    count, missing = len(found.resources), found.missing
    paused = ", paused" if found.paused else ""
    line = f"Stack {project.config.stack} in {project.where}: {count} of {count + len(missing)} resources{paused}"
    more = [style(f"missing: {', '.join(missing)}", fg="yellow")] if missing else []
    return [style(line, bold=True), *more]


def _functions(project: Project, functions: dict[str, Health]) -> list[str]:
    lines = [line for name, each in functions.items() for line in (_function(name, each), _failures(each))]
    dead = [name for name in project.config.functions if name not in functions]
    return [*lines, *(f"{style('✗', fg='red')} {name}  no live version" for name in dead)]


def _function(name: str, each: Health) -> str:
    mark = style("✓", fg="green") if each.healthy else style("✗", fg="red")
    line = f"{mark} {name}  version {each.version} of {each.published}, {each.state.lower()} {each.reason}".rstrip()
    if each.live is None:
        return line
    by = f" by {each.live.by}" if each.live.by else ""
    return f"{line}, released {each.live.at.astimezone():%Y-%m-%d %H:%M} ({_ago(each.live.at)}){by}"


def _ago(at: datetime) -> str:
    seconds = time.time() - at.timestamp()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _failures(each: Health) -> str:
    since = f"since it went live ({_ago(each.since)})"
    if each.searched > each.since:  # older lines were not read
        since = f"since {each.searched.astimezone():%Y-%m-%d %H:%M}"
    if each.failures:
        last, error = each.failures[-1].at, each.failures[-1].error
        text = f"{_counted(each.failures)} {since}"
    elif each.api_failures:
        failure, count = each.api_failures[-1], len(each.api_failures)
        last, error = failure.at, f"HTTP {failure.status} from {failure.request}"
        text = f"{count} request{'s' if count > 1 else ''} that the API could not answer {since}"
    else:
        return f"{_MARGIN}no failed requests {since}"
    shown = error if len(error) <= _LONGEST else f"{error[: _LONGEST - 1]}…"
    return style(f"{_MARGIN}{text}, the last at {last.astimezone():%H:%M:%S}: {shown}", fg="red")


def _counted(failures: Sequence[FailedRequest]) -> str:
    """Return the number of failed requests, in words."""
    count, logged = len(failures), sum(failure.is_logged_only for failure in failures)
    requests = f"request{'s' if count > 1 else ''}"
    if logged == count:
        return f"{count} {requests} logged errors"
    return f"{count} {requests} failed or logged errors" if logged else f"{count} failed {requests}"


def _resources(found: Status) -> list[str]:
    rows: list[TableRow] = []
    for area in AREAS:
        if inside := [r for r in found.resources if r.area == area]:
            rows += [style(area, bold=True)]
            rows += [(r.name, f"{r.id}  {found.instances.get(r.name, '')}".rstrip()) for r in inside]
    return table(rows, width(), indent=_MARGIN)


def _urls(project: Project, found: Status) -> list[str]:
    """Return the URLs of the routes that can be called, and the names of the others."""
    live = {str(route): route.url for route in found.routes}
    wanted = [str(route) for each in project.config.functions.values() for route in each.routes]
    dead = [style(f"{name}  not live yet", fg="yellow") for name in wanted if name not in live]
    line = outbound_line(found.addresses)
    failure = style(found.nat_failure, fg="red") if found.nat_failure else ""
    return [*(f"{route.method} {route.url}" for route in found.routes), *dead, *filter(None, [line, failure])]


def _log_command(found: Status, failing: Sequence[str], which: str) -> str:
    """Return the command that shows the failures of the first failing function: its log, or the API's."""
    health = found.functions[failing[0]] if failing else None
    if health is None or not (health.failures or health.api_failures):
        return f"logs{which} --errors"
    failures = health.failures or health.api_failures
    hours = math.ceil((time.time() - failures[0].at.timestamp()) / 3600)
    return f"logs{which if health.failures else ' --api'} --errors --since {hours}h"


def _hints(settings: Settings, project: Project, found: Status) -> str:
    """Return the likely next commands, most likely first."""
    failing = [name for name, each in found.functions.items() if not each.healthy]
    which = f" {failing[0]}" if failing and len(found.functions) > 1 else ""
    steps = [
        (bool(found.missing) and not project.holder, "up", "create what is missing"),
        (bool(found.missing) and not project.holder, "down", "delete what exists"),
        (found.paused, "resume", "create again what `pause` deleted"),
        (bool(failing), _log_command(found, failing, which), "show what failed"),
        (bool(failing), f"explain -n{which}" if which else "explain", "find out why requests fail"),
        (not (failing or found.missing), *request_step(project, found.routes)),
        (True, "plan", "compare the stack with config.yaml"),
    ]
    chosen = [(settings.command_hint(command), why) for due, command, why in steps if due]
    curl = curl_line(project, found.routes) if found.routes and not (failing or found.missing) else ""
    return hints([*chosen[:3], *([(curl, "send a request without awsprov")] if curl else [])])
