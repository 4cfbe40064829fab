"""The options that every command takes, before or after its name."""

import functools
import importlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from awsprov.cli.settings import Settings
from awsprov.cli.terminal import coloured

F = TypeVar("F", bound=Callable[..., Any])
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
# What a shell may be offered: it prints names as they are, and puts one into the command line without quotes.
_OFFERED = re.compile(r"[A-Za-z0-9._/{}+ -]+")


def completing(source: str) -> Complete:
    """Return a function for click that completes with the names of a project.

    Arguments:
        source: a function in `awsprov.cli.completers`, which is imported when it is first used.
    """

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        completer = getattr(importlib.import_module("awsprov.cli.completers"), source)
        with suppress(Exception):  # the command itself reports what is wrong
            names = [name for name in completer(ctx.find_root().obj) if name.startswith(incomplete)]
            return [CompletionItem(name) for name in names if _OFFERED.fullmatch(name)]
        return []

    return complete


_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--config", "-c"),
        {"type": click.Path(path_type=Path), "help": "The configuration file. [default: config.yaml]"},
    ),
    (
        ("--stage", "-s"),
        {"metavar": "NAME", "help": "One of the configuration's stages.", "shell_complete": completing("stages")},
    ),
    (
        ("--like",),
        {
            "metavar": "STAGE",
            "help": "The stage of the configuration whose values a new --stage takes; recorded for later commands.",
            "shell_complete": completing("stages"),
        },
    ),
    (
        ("--state-dir",),
        {
            "type": click.Path(path_type=Path),
            "help": "Directory of state, keys and local cloud. [default: .awsprov beside the configuration file]",
        },
    ),
    (("--profile",), {"metavar": "NAME", "help": "An AWS CLI profile."}),
    (("--region",), {"metavar": "NAME", "help": "The AWS region; overrides the configuration's."}),
    (("--local",), {"is_flag": True, "help": "Use the local cloud; it is started when it is not running."}),
    (("--json",), {"is_flag": True, "help": "Print JSON on stdout."}),
    (("--verbose", "-v"), {"count": True, "help": "Increase verbosity: -v shows decisions, -vv AWS calls."}),
    (("--quiet", "-q"), {"is_flag": True, "help": "Print only results and errors."}),
    (("--plain",), {"is_flag": True, "help": "Print progress line by line, even on a terminal."}),
    (("--no-color",), {"is_flag": True, "help": "Do not use colors; NO_COLOR does the same."}),
    (("--yes", "-y"), {"is_flag": True, "help": "Answer yes to all questions."}),
)


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep an option that was given: the same option may be before and after the command's name."""
    if parameter.name is None or ctx.get_parameter_source(parameter.name) in (None, ParameterSource.DEFAULT):
        return
    if parameter.name == "no_color":
        os.environ["NO_COLOR"] = "1" if value else ""  # rich and child processes read it
        ctx.color = ctx.find_root().color = coloured()
    else:
        settings, option = ctx.ensure_object(Settings), parameter.name.replace("_", "-")
        from_variable = ctx.get_parameter_source(parameter.name) is ParameterSource.ENVIRONMENT
        settings.sources[parameter.name] = f"AWSPROV_{parameter.name.upper()}" if from_variable else f"--{option}"
        setattr(settings, parameter.name, value)


def common(*, from_environment: bool = False) -> Callable[[F], F]:
    """Add the common options to a command.

    Arguments:
        from_environment: whether variables such as AWSPROV_STAGE are read, too. True for the outermost command only,
            so that an option on the command line overrides the variable.
    """

    def decorate(function: F) -> F:
        for names, details in reversed(_OPTIONS):
            name = max(names, key=len).lstrip("-").replace("-", "_")
            variable = f"AWSPROV_{name.upper()}" if from_environment else None
            option = click.option(*names, **details, envvar=variable, expose_value=False, callback=_keep)
            function = option(function)
        return function

    return decorate


which_function = click.option(
    "-n",
    "--function",
    metavar="NAME",
    shell_complete=completing("functions"),
    help="The function, when there are several.",
)


def function_argument(command: F) -> F:
    """Take the name of a function as an argument, or with --function as the commands with other arguments do."""

    @functools.wraps(command)
    def merged(*arguments: Any, name: str | None, function: str | None, **options: Any) -> Any:
        if name and function and name != function:
            raise click.UsageError(f"Name one function, not {name!r} and {function!r}.")
        return command(*arguments, function=function or name, **options)

    argument = click.argument("name", metavar="[FUNCTION]", required=False, shell_complete=completing("functions"))
    return cast("F", argument(which_function(merged)))


pass_settings = click.make_pass_decorator(Settings, ensure=True)
