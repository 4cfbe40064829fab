"""invoke: send a request to a function, through Lambda or over HTTP. The answer goes to stdout, all else to stderr."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from awsprov.aws import invocation
from awsprov.cli.batch import run_batch
from awsprov.cli.completers import completing, versions
from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings, which_function
from awsprov.cli.session import Session, chosen, open_session, say
from awsprov.errors import NoStackError, UsageError
from awsprov.operations.batch import Batch, sender
from awsprov.operations.endpoints import fill_path, find_endpoint, list_endpoints, send_request
from awsprov.resources.function.function import Function
from awsprov.resources.function.versions import LIVE
from awsprov.ssh.terminal import strip_control_sequences
from awsprov.ui.json_output import print_json

FIRST_ERROR = 400  # HTTP statuses from here on say that it did not work


@click.command(cls=Command)
@click.argument("payload", required=False)
@which_function
@click.option("--http", "over_http", is_flag=True, help="Over the API, with its signature or key.")
@click.option("--route", default="", metavar="PATH", help="Which route, as in /similarity or 'POST /similarity'.")
@click.option("--path", "values", multiple=True, metavar="NAME=VALUE", help="A value for {NAME} in the route's path.")
@click.option(
    "--qualifier",
    default=LIVE,
    show_default=True,
    shell_complete=completing(versions),
    help="A version or an alias.",
)
@click.option("--async", "way", flag_value="Event", help="Leave it in the function's queue; wait for no answer.")
@click.option("--dry-run", "way", flag_value="DryRun", help="Only ask whether it could be called.")
@click.option("--tail", is_flag=True, help="Show the function's log lines on stderr, too.")
@click.option("--batch", type=click.Path(path_type=Path), metavar="IN.jsonl", help="Send each line of a file.")
@click.option("--out", type=click.Path(path_type=Path), metavar="OUT.jsonl", help="Where a batch's answers go.")
@click.option(
    "--concurrency", default=8, show_default=True, type=click.IntRange(1, 500), help="A batch's calls at once."
)
@common()
@pass_settings
def invoke(
    settings: Settings,
    /,
    payload: str | None,
    function: str | None,
    over_http: bool,
    values: tuple[str, ...],
    batch: Path | None,
    out: Path | None,
    concurrency: int,
    **asked: Any,
) -> int:
    """Send PAYLOAD, which is JSON, @FILE, or - for stdin, to a function, and print the answer.

    With --batch, send each line of a file, many at once, and keep the answers in another, in the same order. Stopped
    and started again, it goes on; what failed is sent again.

    \b
    Examples:
      awsprov invoke --http @examples/request.json
      echo '{"ping": 1}' | awsprov invoke - --tail
      awsprov invoke --http --route 'GET /items/{id}' --path id=7
      awsprov invoke --batch requests.jsonl --out answers.jsonl --concurrency 20
    """
    _check(payload, over_http, values, batch, out, asked["way"] or asked["tail"])
    body = _body(payload or "{}")
    session = open_session(settings)
    name = chosen(session.config, function)
    if over_http:
        return _over_http(session, name, asked["route"], _pairs(values), body)
    physical = _physical(session, name)
    if batch and out:
        return run_batch(
            session, Batch(batch, out, sender(session.aws, physical, asked["qualifier"]), concurrency, session.aws.stop)
        )
    if asked["way"]:
        return _leave(session, physical, asked["qualifier"], asked["way"], body)
    return _through_lambda(session, physical, asked["qualifier"], body, asked["tail"])


def _check(
    payload: str | None, http: bool, values: tuple[str, ...], batch: Path | None, out: Path | None, aws: Any
) -> None:
    """What does not go together."""
    wrong = {
        "--batch and --out go together.": bool(batch) != bool(out),
        "A batch has its payloads in its file.": batch and payload,
        "A batch goes through Lambda, and waits for every answer.": batch and (http or aws),
        "--async, --dry-run and --tail are Lambda's; the API knows none of them.": http and aws,
        "--path goes with --http.": values and not http,
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise UsageError(what, remedy="`awsprov invoke --help` has examples.")


def _body(payload: str) -> bytes:
    """The payload's bytes, checked to be JSON before anything else is done."""
    try:
        if payload == "-":
            text = sys.stdin.buffer.read()
        else:
            text = Path(payload[1:]).read_bytes() if payload.startswith("@") else payload.encode()
    except OSError as error:
        raise UsageError(f"{payload[1:]} cannot be read.", why=str(error.strerror)) from error
    try:
        json.loads(text)
    except ValueError as error:
        raise UsageError(
            "The payload is not JSON.", why=str(error), remedy="Give JSON, @FILE, or - for stdin."
        ) from error
    return text


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if bad := [name for name, equals, _ in pairs if not (name and equals)]:
        raise UsageError(f"--path {bad[0]!r} is no NAME=VALUE.", remedy="Write it as in --path id=7.")
    return {name: value for name, _, value in pairs}


def _over_http(session: Session, function: str, wanted: str, values: dict[str, str], body: bytes) -> int:
    session.engine().refresh()
    endpoints = list_endpoints(session.stack, session.aws, session.config)
    route = fill_path(find_endpoint(endpoints, function, wanted), values)
    answer = send_request(route, body, session.stack, session.aws, session.config)
    _print(session.settings, answer.body, method=route.method, url=route.url, status=answer.status)
    if answer.status >= FIRST_ERROR:
        say(session.settings, f"HTTP {answer.status} from {route.method} {route.url}")
        return 1
    return 0


def _physical(session: Session, function: str) -> str:
    """What Lambda calls a function."""
    name = next(f for f in session.stack.of(Function) if f.name == function).find(session.aws)
    if not name:
        raise NoStackError(f"There is no function {function}.", remedy=f"{session.settings.again('up')} makes it.")
    return name


def _through_lambda(session: Session, function: str, qualifier: str, body: bytes, tail: bool) -> int:
    reply = invocation.invoke(session.aws, function, qualifier, body)
    about = {"version": reply.version, "request_id": reply.request_id, "error": reply.error, "log": reply.log}
    _print(session.settings, reply.payload, function=function, **about)
    if reply.error:
        say(
            session.settings,
            f"The function failed ({reply.error}). Its last log lines:\n{strip_control_sequences(reply.log)}",
        )
        return 1
    if tail and not session.settings.json:
        click.echo(strip_control_sequences(reply.log), err=True)
    return 0


def _leave(session: Session, function: str, qualifier: str, way: invocation.InvocationType, body: bytes) -> int:
    """An event for the queue, or the question whether it could be one: there is no answer but Lambda's own."""
    reply = invocation.invoke(session.aws, function, qualifier, body, way)
    if session.settings.json:
        print_json("accepted" if way == "Event" else "invocable", request_id=reply.request_id)
    elif way == "Event":
        say(session.settings, f"Accepted. {session.settings.again('logs')} --request-id shows what became of it:")
        click.echo(reply.request_id)
    else:
        say(session.settings, f"{function}:{qualifier} is there and may be called; it was not.")
    return 0


def _print(settings: Settings, body: bytes, **about: object) -> None:
    """The answer alone, as it came, and indented when a person reads it; or a document that tells of it, too."""
    value, text = invocation.parse_json(body), body.decode(errors="replace")
    if settings.json:
        print_json("answer", **about, payload=text if value is None and text.strip() != "null" else value)
        return
    if sys.stdout.isatty():
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            text = strip_control_sequences(text)
    click.echo(text)
