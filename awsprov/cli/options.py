"""The options that every command takes, before or after its name."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from awsprov.cli.completers import completing, functions, stages

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Settings:
    """What the common options say."""

    config: Path = Path("config.yaml")
    stage: str = ""
    state_dir: Path | None = None
    profile: str | None = None
    region: str | None = None
    local: bool = False
    json: bool = False
    verbose: int = 0
    quiet: bool = False
    yes: bool = False
    plain: bool = False
    said: dict[str, str] = field(default_factory=dict)  # option: how it was given, as in `--region`

    @property
    def home(self) -> Path:
        """The state directory: as given, or `.awsprov` beside the configuration."""
        return (self.state_dir or self.config.parent / ".awsprov").absolute()

    def state_file(self, name: str) -> Path:
        """Where the stack is written down; the local cloud's stacks have files of their own.

        Arguments:
            name: the configuration's, which is known without loading it: that takes its time.
        """
        stack = f"{name}-{self.stage}" if self.stage else name
        return self.home / f"{stack}{'.local' if self.local else ''}.json"

    def again(self, command: str) -> str:
        """A command for the person to type next, with the options that lead to the same stack."""
        words = ["awsprov", command]
        words += [f"--stage {self.stage}"] if self.stage else []
        words += [f"--config {self.config}"] if self.config != Path("config.yaml") else []
        words += [f"--state-dir {self.state_dir}"] if self.state_dir else []
        words += ["--local"] if self.local else []
        return " ".join(words)


_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--config", "-c"), {"type": click.Path(path_type=Path), "help": "The configuration. [default: config.yaml]"}),
    (
        ("--stage", "-s"),
        {"metavar": "NAME", "help": "One of the configuration's stages.", "shell_complete": completing(stages)},
    ),
    (
        ("--state-dir",),
        {"type": click.Path(path_type=Path), "help": "State, keys, local cloud. [default: .awsprov beside the config]"},
    ),
    (("--profile",), {"metavar": "NAME", "help": "A profile of the AWS CLI."}),
    (("--region",), {"metavar": "NAME", "help": "An AWS region, in place of the configuration's."}),
    (("--local",), {"is_flag": True, "help": "Use the cloud on this machine; it is started when it does not run."}),
    (("--json",), {"is_flag": True, "help": "Print JSON on stdout."}),
    (("--verbose", "-v"), {"count": True, "help": "Say more."}),
    (("--quiet", "-q"), {"is_flag": True, "help": "Say nothing but results and errors."}),
    (("--plain",), {"is_flag": True, "help": "A line an event, on a terminal too."}),
    (("--no-color",), {"is_flag": True, "help": "No colours; so does the variable NO_COLOR."}),
    (("--yes", "-y"), {"is_flag": True, "help": "Answer yes to questions."}),
)


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Note what was really said: the same option may stand before and after the command's name."""
    if parameter.name is None or ctx.get_parameter_source(parameter.name) in (None, ParameterSource.DEFAULT):
        return
    if parameter.name == "no_color":
        os.environ["NO_COLOR"] = "1" if value else ""  # what draws, and what is started from here, goes by it
        ctx.color = ctx.find_root().color = coloured()
    else:
        settings, option = ctx.ensure_object(Settings), parameter.name.replace("_", "-")
        from_variable = ctx.get_parameter_source(parameter.name) is ParameterSource.ENVIRONMENT
        settings.said[parameter.name] = f"AWSPROV_{parameter.name.upper()}" if from_variable else f"--{option}"
        setattr(settings, parameter.name, value)


def coloured() -> bool | None:
    """Whether output has colours; None leaves it to where it goes. By no-color.org, force-color.org and terminfo."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def common(*, from_environment: bool = False) -> Callable[[F], F]:
    """Add the common options to a command.

    Arguments:
        from_environment: whether variables such as AWSPROV_STAGE are read, too; true for the outermost command only,
            so that what is said on the command line wins.
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
    shell_complete=completing(functions),
    help="Which function, when there are several.",
)
pass_settings = click.make_pass_decorator(Settings, ensure=True)
