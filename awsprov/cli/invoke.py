"""invoke: send a request to a function, through Lambda or over HTTP. Only the response goes to stdout."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from awsprov.aws import invocation
from awsprov.aws.errors import ClientError, error_code
from awsprov.cli.batch import run_batch
from awsprov.cli.help_format import Command
from awsprov.cli.invoke_http import call_api, http_call
from awsprov.cli.options import common, completing, pass_settings, which_function
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, write
from awsprov.config.models import Config
from awsprov.errors import UsageError
from awsprov.operations.batch import Batch, read_records, sender
from awsprov.project.project import Project
from awsprov.resources.function.alias import LIVE
from awsprov.resources.function.corrections import with_own_paths
from awsprov.ui.json_output import json_or_text, print_json

_NEVER_LIVE = "Run `awsprov up`. If it has failed: `awsprov explain` shows why."


@click.command(cls=Command)
@click.argument("payload", required=False)
@which_function
@click.option("--http", "over_http", is_flag=True, help="Send it over HTTP, signed or with the API key.")
@click.option("--route", default="", metavar="PATH", help="A route, or what it serves, as in 'GET /items/7'.")
@click.option("--path", "path", multiple=True, metavar="NAME=VALUE", help="The value of {NAME} in the route's path.")
@click.option("--method", default="", metavar="METHOD", help="The HTTP method, for a route that takes ANY.")
@click.option("--query", multiple=True, metavar="NAME=VALUE", help="A parameter of the query; may be repeated.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header; may be repeated.")
@click.option("--data", default="", metavar="DATA", help="A body of any type: text, @FILE, or - for stdin.")
@click.option(
    "--qualifier",
    default=LIVE,
    show_default=True,
    shell_complete=completing("versions"),
    help="A version or an alias.",
)
@click.option("--async", "way", flag_value="Event", help="Queue the event, and do not wait for a response.")
@click.option("--dry-run", "way", flag_value="DryRun", help="Only check whether you may call the function.")
@click.option("--tail", is_flag=True, help="Also print the function's log lines on stderr.")
@click.option("--batch", type=click.Path(path_type=Path), metavar="IN.jsonl", help="Send each line of a file.")
@click.option("--out", type=click.Path(path_type=Path), metavar="OUT.jsonl", help="The file for a batch's responses.")
@click.option(
    "--concurrency", default=8, show_default=True, type=click.IntRange(1, 500), help="Concurrent calls of a batch."
)
@common()
@pass_settings
def invoke(
    settings: Settings,
    /,
    payload: str | None,
    function: str | None,
    over_http: bool,
    batch: Path | None,
    out: Path | None,
    concurrency: int,
    **options: Any,
) -> int:
    """Send PAYLOAD to a function, and print the response. PAYLOAD is JSON, @FILE, or - for stdin.

    With --batch, it sends each line of a file, several at a time, and writes the responses to another file in the same
    order. An interrupted batch continues where it stopped; failed records are sent again.

    \b
    Examples:
      awsprov invoke --http @examples/request.json
      echo '{"ping": 1}' | awsprov invoke - --tail
      awsprov invoke --http --route 'GET /plot/7' --query size=large > plot.png
      awsprov invoke --http --route 'POST /images' --data @cat.jpg --tail
      awsprov invoke --batch requests.jsonl --out answers.jsonl --concurrency 20
    """
    http = {name: options.pop(name) for name in ("route", "method", "path", "query", "headers", "data")}
    _check(payload, over_http, http, batch, out, options)
    body = _body(payload or "{}")
    if batch:
        next(read_records(batch), None)  # raises if it cannot be read
    call = http_call(body if payload else None, function, options["tail"], http) if over_http else None
    project = open_project(settings, function=function, choose=_choice(over_http, http["route"]))
    if call:
        return call_api(settings, project, call)
    name = project.config.function_name(function)
    physical = project.function_id(name)
    if batch and out:
        return run_batch(
            settings,
            Batch(batch, out, sender(project.aws, physical, options["qualifier"]), concurrency, project.aws.stop),
        )
    if options["way"]:
        return _send_only(settings, project, name, options["qualifier"], options["way"], body)
    return _through_lambda(settings, project, name, options["qualifier"], body, options["tail"])


def _choice(over_http: bool, route: str) -> Callable[[Config, str | None], object]:
    """Return how the function is chosen: a route names one, too."""
    if over_http:
        return Config.function_names if route else Config.routed_function
    return Config.function_name


def _check(
    payload: str | None, over_http: bool, http: dict[str, Any], batch: Path | None, out: Path | None, options: Any
) -> None:
    """Refuse options that exclude one another."""
    wrong = {
        "--batch needs --out, and --out needs --batch.": bool(batch) != bool(out),
        "--batch takes its payloads from the file.": batch and payload,
        "--batch cannot be combined with --http, --async, --dry-run and --tail.": batch
        and (over_http or options["way"] or options["tail"]),
        "--http cannot be combined with --async and --dry-run.": over_http and options["way"],
        "A body is either the PAYLOAD or --data.": payload and http["data"],
        **{f"--{name.removesuffix('s')} needs --http.": value and not over_http for name, value in http.items()},
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise UsageError(what, remedy="`awsprov invoke --help` has examples.")


def _body(payload: str) -> bytes:
    """Return the payload in UTF-8, after a check that it is JSON."""
    try:
        if payload == "-":
            text = sys.stdin.buffer.read() if sys.stdin else b""
        else:
            text = Path(payload[1:]).read_bytes() if payload.startswith("@") else payload.encode()
    except OSError as error:
        raise UsageError(f"{payload[1:]} cannot be read.", why=str(error.strerror)) from error
    try:
        return invocation.to_utf8(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "The payload is not JSON.",
            why=str(error),
            remedy="Give JSON, @FILE, or - for stdin. A function is named with -n.",
        ) from error


def _through_lambda(settings: Settings, project: Project, name: str, qualifier: str, body: bytes, tail: bool) -> int:
    function = project.function_id(name)
    with _known_qualifier(function, qualifier):
        reply = invocation.invoke(project.aws, function, qualifier, body)
    about = {"version": reply.version, "request_id": reply.request_id, "error": reply.error, "log": reply.log}
    _print(settings, reply.payload, function=function, **about)
    log = with_own_paths(project.function(name), reply.log)
    if reply.error:
        lines = [line for line in log.splitlines() if "LAMBDA_WARNING" not in line]  # the same for every error
        note(settings, "\n".join([f"The function failed ({reply.error}). Its last log lines:", *lines]))
        return 1
    if tail and not settings.json:
        echo(log, err=True)
    return 0


@contextmanager
def _known_qualifier(function: str, qualifier: str) -> Iterator[None]:
    """Name the qualifier when Lambda does not find it: the function exists, as its name was looked up."""
    try:
        yield
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        remedy = "`awsprov history` lists the versions." if qualifier != LIVE else _NEVER_LIVE
        raise UsageError(f"{function} has no version or alias {qualifier!r}.", remedy=remedy) from error


def _send_only(
    settings: Settings, project: Project, name: str, qualifier: str, way: invocation.InvocationType, body: bytes
) -> int:
    """Queue an event, or check whether the function may be called: neither returns a response of the function."""
    function = project.function_id(name)
    with _known_qualifier(function, qualifier):
        reply = invocation.invoke(project.aws, function, qualifier, body, way)
    if way == "Event":
        note(
            settings, f"Queued. `awsprov logs {name} --request-id {reply.request_id}` shows its log; the request id is:"
        )
        print_result(settings, "accepted", reply.request_id, request_id=reply.request_id)
    else:
        note(settings, f"You may call {function}:{qualifier}. It was not called.")
        print_result(settings, "invocable", "", request_id=reply.request_id)
    return 0


def _print(settings: Settings, body: bytes, **about: object) -> None:
    """Print the response: as received, indented on a terminal; or in a document, with what is known of the call."""
    text = body.decode(errors="replace")
    if settings.json:
        print_json("response", **about, payload=json_or_text(text))
        return
    if sys.stdout.isatty():
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    write(f"{text}\n".encode())
