"""The last lines of a command: what the stack costs, and the likely next commands."""

import os
import shlex
from collections.abc import Mapping
from typing import Any

from awsprov.cli.terminal import width
from awsprov.operations.endpoints import Endpoint, fill_path, path_parameters
from awsprov.pricing.estimate import cost_summary
from awsprov.pricing.price_table import prices_of
from awsprov.project.project import Project
from awsprov.ui.layout import display_width, shell_lines, table

_ABOUT = 24  # columns for what a command does; on a narrower terminal it is left out
_SAMPLE = "examples/request.json"
_WITHOUT_BODY = ("GET", "HEAD", "DELETE")  # methods of requests that rarely have one


def costs(project: Project, states: Mapping[str, str] | None = None) -> str:
    """Return one sentence on what the stack costs a day.

    Arguments:
        states: the EC2 state of each builder, by name, where it is known.
    """
    region, state_dir, paused = project.config.region, project.config.state_dir, project.config.paused
    resources = list(project.resumed_stack) if paused else project.stack.present
    summary = cost_summary(resources, region, state_dir, states, paused=paused)
    if project.aws.endpoint:
        return f"On AWS: {summary}"
    return summary if prices_of(region, state_dir) else f"{summary} `awsprov cost --refresh` gets them from AWS."


def request_step(project: Project, endpoints: list[Endpoint]) -> tuple[str, str]:
    """Return an `invoke` command, without the options of the stack, and what it does.

    It is sent over HTTP if the function has a route; first one without parameters in its path. The body is an example
    or the smoke request of the project; without them, an empty object, and the text says how to send a file.

    Arguments:
        endpoints: those that exist.
    """
    own = _simplest(endpoints)
    name = own.function if own else next(iter(project.config.functions))
    words = ["invoke", *(["-n", name] if len(project.config.functions) > 1 else [])]
    if own:
        words += ["--http", *(["--route", str(own)] if own != endpoints[0] else [])]
        words += [word for each in path_parameters(own) for word in ("--path", f"{each}=1")]
    body = _body(project, name, over_http=own is not None)
    if own and (own.method in _WITHOUT_BODY or (own.method == "ANY" and not body)):
        return shlex.join(words), "send a request"
    about = "send a request" if body else "send an empty request; @FILE in its place sends a file"
    return shlex.join([*words, body or "{}"]), about


def _simplest(endpoints: list[Endpoint]) -> Endpoint | None:
    """Return the endpoint with the fewest parameters in its path; None for none."""
    return min(endpoints, key=lambda each: len(path_parameters(each)), default=None)


def _body(project: Project, function: str, *, over_http: bool) -> str:
    """Return a body that the project has for a function, or `@` and the name of its file; empty for none."""
    sample = project.location.config.parent / _SAMPLE
    if sample.is_file():
        return f"@{os.path.relpath(sample)}"
    smoke = project.config.functions[function].smoke
    if smoke is None or (over_http and not project.config.takes_body(function)):
        return str(_body_of_event(smoke.request)) if smoke else ""
    return smoke.argument


def _body_of_event(event: Any) -> str:
    """Return the body in the event of an HTTP request; empty if it has none that is text."""
    body = event.get("body") if isinstance(event, dict) and not event.get("isBase64Encoded") else None
    return body if isinstance(body, str) else ""


def curl_line(project: Project, endpoints: list[Endpoint]) -> str:
    """Return a command that sends a request to a public API without awsprov; empty if the API is not public.

    Arguments:
        endpoints: those that exist.
    """
    chosen = _simplest(endpoints)
    if project.config.api.auth != "none" or chosen is None:
        return ""
    url = fill_path(chosen, dict.fromkeys(path_parameters(chosen), "1")).url
    if chosen.method in (*_WITHOUT_BODY, "ANY"):
        return shlex.join(["curl", *(["-X", chosen.method] if chosen.method == "DELETE" else []), url])
    body = _body(project, chosen.function, over_http=True) or "{}"
    return shlex.join(["curl", "-X", chosen.method, url, "-H", "content-type: application/json", "-d", body])


def hints(steps: list[tuple[str, str]]) -> str:
    """Return the next commands, each with what it does."""
    columns = width(err=True)
    longest = max(display_width(command) for command, _ in steps)
    if columns is None or longest + _ABOUT <= columns:
        return "\n".join(table(["Next:", *steps], columns, indent="  "))
    return "\n".join(["Next:", *(line for command, _ in steps for line in shell_lines(command, columns, "  "))])
