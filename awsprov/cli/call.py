"""invoke: send a request to a function, through Lambda or over HTTP. The answer goes to stdout, all else to stderr."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import click

from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.cli.watch import chosen
from awsprov.endpoints import call, choose, routes
from awsprov.errors import NoStackError, UsageError
from awsprov.remote import harmless
from awsprov.resources.releases import LIVE
from awsprov.resources.serving import Function

FIRST_ERROR = 400  # HTTP statuses from here on say that it did not work


@click.command()
@click.argument("payload", default="{}")
@click.option("-n", "--function", metavar="NAME", help="Which function, when there are several.")
@click.option("--http", "over_http", is_flag=True, help="Over the API, with its signature or key.")
@click.option("--route", default="", metavar="PATH", help="Which route, as in /similarity or 'POST /similarity'.")
@click.option("--qualifier", default=LIVE, show_default=True, help="A version or an alias.")
@common()
@pass_settings
def invoke(settings: Settings, payload: str, function: str | None, over_http: bool, route: str, qualifier: str) -> int:
    """Send PAYLOAD, which is JSON, @FILE, or - for stdin, to a function, and print the answer.

    \b
    Examples:
      awsprov invoke --http @examples/request.json
      echo '{"ping": 1}' | awsprov invoke -
    """
    body = _body(payload)
    session = open_session(settings)
    name = chosen(session.config, function)
    if over_http:
        return _over_http(session, name, route, body)
    return _through_lambda(session, name, qualifier, body)


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


def _over_http(session: Session, function: str, wanted: str, body: bytes) -> int:
    session.engine().look()
    route = choose(routes(session.stack, session.aws, session.config), function, wanted)
    answer = call(route, body, session.stack, session.aws, session.config)
    _print(answer.body)
    if answer.status >= FIRST_ERROR:
        say(session.settings, f"HTTP {answer.status} from {route.method} {route.url}")
        return 1
    return 0


def _through_lambda(session: Session, function: str, qualifier: str, body: bytes) -> int:
    found = next(f for f in session.stack.of(Function) if f.name == function)
    name = found.find(session.aws)
    if not name:
        raise NoStackError(f"There is no function {function}.", remedy=f"{session.settings.again('up')} makes it.")
    answer: Any = session.aws.invoker.invoke(FunctionName=name, Qualifier=qualifier, Payload=body, LogType="Tail")
    _print(answer["Payload"].read())
    if "FunctionError" in answer:
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        say(session.settings, f"The function failed ({answer['FunctionError']}). Its last log lines:\n{harmless(log)}")
        return 1
    return 0


def _print(body: bytes) -> None:
    """JSON as it came when a program reads it, indented when a person does."""
    text = body.decode(errors="replace")
    if sys.stdout.isatty():
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            text = harmless(text)
    click.echo(text)
