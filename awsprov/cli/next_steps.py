"""The last lines of a command: what the stack costs, and the likely next commands."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from awsprov.cli.terminal import width
from awsprov.operations.endpoints import Endpoint, fill_path, path_parameters
from awsprov.pricing.estimate import cost_summary
from awsprov.pricing.price_table import prices_of
from awsprov.project.project import Project
from awsprov.ui.layout import display_width, shell_lines, table

_ABOUT = 24  # columns for what a command does; on a narrower terminal it is left out
_SAMPLE = "examples/request.json"


def costs(project: Project, states: Mapping[str, str] | None = None) -> str:
    """Return one sentence on what the stack costs a day.

    Arguments:
        states: the EC2 state of each builder, by name, where it is known.
    """
    region, state_dir, paused = project.config.region, project.config.state_dir, project.config.paused
    resources = list(project.resumed_stack) if paused else project.stack.living
    summary = cost_summary(resources, region, state_dir, states, paused=paused)
    if project.aws.endpoint:
        return f"On AWS: {summary}"
    return summary if prices_of(region, state_dir) else f"{summary} `awsprov cost --refresh` gets them from AWS."


def request_words(project: Project, endpoints: list[Endpoint]) -> str:
    """Return an `invoke` command, without the options of the stack, that sends a request which can be answered.

    It is sent over HTTP if the function has a route; first one without parameters in its path.

    Arguments:
        endpoints: those that exist.
    """
    own = min(endpoints, key=lambda each: len(path_parameters(each)), default=None)
    name = own.function if own else next(iter(project.config.functions))
    words = ["invoke", *(["-n", name] if len(project.config.functions) > 1 else [])]
    if own:
        words += ["--http", *(["--route", str(own)] if own != endpoints[0] else [])]
        words += [word for each in path_parameters(own) for word in ("--path", f"{each}=1")]
    smoke = project.config.functions[name].smoke
    body = f"@{_SAMPLE}" if Path(_SAMPLE).is_file() else smoke.payload.decode() if smoke and not own else "{}"
    return shlex.join([*words, body])


def curl_line(project: Project, endpoints: list[Endpoint]) -> str:
    """Return a command that sends a request to a public API without awsprov; empty if the API is not public.

    Arguments:
        endpoints: those that exist.
    """
    if project.config.api.auth != "none" or not endpoints:
        return ""
    chosen = min(endpoints, key=lambda each: len(path_parameters(each)))
    url = fill_path(chosen, dict.fromkeys(path_parameters(chosen), "1")).url
    if chosen.method in ("GET", "ANY"):
        return shlex.join(["curl", url])
    return shlex.join(["curl", "-X", chosen.method, url, "-H", "content-type: application/json", "-d", "{}"])


def hints(steps: list[tuple[str, str]]) -> str:
    """Return the next commands, each with what it does."""
    columns = width(err=True)
    longest = max(display_width(command) for command, _ in steps)
    if columns is None or longest + _ABOUT <= columns:
        return "\n".join(table(["Next:", *steps], columns, indent="  "))
    return "\n".join(["Next:", *(line for command, _ in steps for line in shell_lines(command, columns, "  "))])
