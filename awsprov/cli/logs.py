"""logs: a function's log, the API's log, and the output of the builder's last installation."""

import re
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from awsprov.aws.log_query import POLL_INTERVAL, Query, merged_events, milliseconds_ago, request_events, whole_traceback
from awsprov.cli.help_format import Command
from awsprov.cli.install_log import read_lines
from awsprov.cli.options import common, function_argument, pass_settings
from awsprov.cli.output import note
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo
from awsprov.errors import NoStackError, UsageError
from awsprov.operations.api_log import SERVER_ERRORS
from awsprov.project.project import Project
from awsprov.resources.api.access_log import ApiLogGroup
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.function.corrections import with_own_paths
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.ui.json_output import print_json

_AGO = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command(cls=Command)
@function_argument
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines until Ctrl-C.")
@click.option("--since", metavar="AGO", help="How far back: 30s, 10m, 2h, 1d. [default: 10m; with --request-id, 1d]")
@click.option("--filter", "text", default="", metavar="TEXT", help="Only lines that contain this text.")
@click.option("--errors", is_flag=True, help="Only lines that report failures.")
@click.option("--request-id", metavar="ID", help="All lines of one request.")
@click.option("--api", is_flag=True, help="Show the API's log instead: a line for each request.")
@click.option("--builder", is_flag=True, help="Show the last installation of libraries instead.")
@common()
@pass_settings
def logs(
    settings: Settings,
    /,
    function: str | None,
    follow: bool,
    since: str | None,
    text: str,
    errors: bool,
    request_id: str | None,
    api: bool,
    builder: bool,
) -> int:
    """Show the log of one FUNCTION, of all, or of the API, oldest lines first.

    Of several functions, each line begins with the name of its function. With --errors, a function's log has the lines
    that report failures, and the API's log the requests that it answered with a server error.

    \b
    Examples:
      awsprov logs -f
      awsprov logs similarity --since 2h --errors
      awsprov logs --api --errors --since 1d
      awsprov logs --request-id 357c4d38-fe9f-4970-9bf8-42cfd20e5a20
      awsprov logs --builder
    """
    if request_id and (follow or text or errors):
        raise UsageError("--request-id shows all lines of one request.", remedy="Leave out -f, --filter and --errors.")
    query = Query(milliseconds_ago(_span(since or ("1d" if request_id else "10m"))), text, errors)
    project = open_project(settings, function=function)
    if api or builder:
        _check_alone("--api" if api else "--builder", function, request_id, api and builder)
    if api:
        return _show_api(settings, project, query, follow)
    if builder:
        _show(settings, _installation(project, query if since or text or errors else Query(0), follow))
        return 0
    groups = _groups(project, project.config.function_names(function))
    view = _view(project, list(groups.values()))
    if request_id:
        return _of_request(settings, project, groups, request_id, query.start, view)
    found = merged_events(project.aws, groups, query, lambda: follow and _after_a_while())
    if errors:
        found = ((group, whole_traceback(project.aws, group, event)) for group, event in found)
    _show(settings, (event | {"function": groups[group]} for group, event in found), view)
    return 0


def _groups(project: Project, functions: list[str]) -> dict[str, str]:
    """Return the log groups of functions, as far as they exist: the name of each, and its function."""
    logs = [each for each in project.stack.of(LogGroup) if each.function in functions]
    found = {group: each.function for each in logs if (group := each.find(project.aws))}
    if not found:
        what = f"{functions[0]} has no log." if len(functions) == 1 else "The functions have no logs."
        raise NoStackError(what, remedy=f"`awsprov up` creates {'it' if len(functions) == 1 else 'them'}.")
    return found


def _view(project: Project, functions: list[str]) -> Callable[[Any], str]:
    """Return a function that shows an event of a function's log to a person.

    The paths of the code are those in the project. Of several functions, each line begins with the function's name.
    """
    paths = {each.name: partial(with_own_paths, each) for each in project.stack.of(Function)}
    longest = max(map(len, functions))

    def view(event: Any) -> str:
        name = event["function"]
        text = paths[name](_line(event))
        return textwrap.indent(text, f"{name:{longest}} | ", lambda _: True) if len(functions) > 1 else text

    return view


def _check_alone(option: str, function: str | None, request_id: str | None, both: bool) -> None:
    """Refuse what is about a function's log only."""
    if function or request_id or both:
        others = "the function, --request-id" + (", --builder" if both else "")
        raise UsageError(f"{option} does not show a function's log.", remedy=f"Leave out {others}.")


def _show_api(settings: Settings, project: Project, query: Query, follow: bool) -> int:
    """Print the API's log; of errors only the requests that it answered with a server error."""
    groups = project.stack.of(ApiLogGroup)
    group = groups[0].find(project.aws) if groups else ""
    if not group:
        raise _no_api_log(project)
    plain = replace(query, errors=False, text=query.text or (SERVER_ERRORS if query.errors else ""))
    found = merged_events(project.aws, [group], plain, lambda: follow and _after_a_while())
    if not _show(settings, (event for _, event in found if not query.errors or SERVER_ERRORS in event["message"])):
        note(settings, _no_line(project))
    return 0


def _no_api_log(project: Project) -> NoStackError:
    """Return the error for an API without a log: it is not configured, or does not exist yet."""
    if project.stack.of(ApiLogGroup):
        return NoStackError("The API's log does not exist yet.", remedy="`awsprov up` creates it, with the API.")
    return NoStackError(
        "The stack has no API, so there is no log of it.",
        why=f"No function in {project.location.config.name} has `routes`.",
        remedy="`awsprov logs` shows the log of a function.",
    )


def _line(event: Any) -> str:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone()
    return f"{at:%H:%M:%S}.{event['timestamp'] % 1000:03d}  {event['message'].rstrip()}"


def _show(settings: Settings, found: Iterable[Any], view: Callable[[Any], str] = _line) -> int:
    """Print log events, and return their number.

    Arguments:
        settings: the options.
        found: the events.
        view: returns an event as it is shown to a person.
    """
    count = 0
    for event in found:
        print_json("log", **event) if settings.json else echo(view(event))
        count += 1
    return count


def _no_line(project: Project) -> str:
    """Return why the API's log may have no line."""
    text = "No line in this time; --since goes further back."
    if any(not stage.can_log(project.aws) for stage in project.stack.of(RestStage)):
        operation = "op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN"
        command = project.aws.command_hint(f"apigateway update-account --patch-operations {operation}")
        return (
            f"{text} API Gateway has no role for writing logs in this account and region, so it writes none; "
            f"`{command}` gives it one. `awsprov logs` shows the log of a function."
        )
    return text


def _of_request(
    settings: Settings, project: Project, groups: dict[str, str], request: str, start: int, view: Callable[[Any], str]
) -> int:
    """Print the lines of one request. Return the exit code."""
    found = [
        event | {"function": function}
        for group, function in groups.items()
        for event in request_events(project.aws, group, request, start)
    ]
    _show(settings, found, view)
    if found:
        return 0
    note(settings, f"No log line of request {request}. Lines arrive after some seconds; --since goes further back.")
    return NoStackError.exit_code


def _after_a_while() -> bool:
    time.sleep(POLL_INTERVAL)
    return True


def _span(since: str) -> int:
    """Return a time span such as 10m in seconds."""
    found = _AGO.fullmatch(since)
    if not found:
        raise UsageError(f"--since {since!r} is not a time span.", remedy="Examples: 30s, 10m, 2h, 1d.")
    return int(found[1]) * _SECONDS[found[2]]


def _installation(project: Project, query: Query, follow: bool) -> Iterator[Any]:
    """Yield what the builder printed, as it was recorded on this machine."""
    path = project.installation_log
    if not path.exists():
        raise NoStackError(
            "No libraries were installed from this machine.",
            why=f"{path} does not exist.",
            remedy="`awsprov ssh` opens a shell on the builder.",
        )
    for event in read_lines(path, lambda: follow and _after_a_while()):
        if event["timestamp"] >= query.start and query.matches(event["message"]):
            yield event
