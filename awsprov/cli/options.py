"""The options that every command takes, before or after its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

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
    (("--stage", "-s"), {"metavar": "NAME", "help": "One of the configuration's stages."}),
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
    (("--yes", "-y"), {"is_flag": True, "help": "Answer yes to questions."}),
)


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Note what was really said: the same option may stand before and after the command's name."""
    if parameter.name and ctx.get_parameter_source(parameter.name) not in (None, ParameterSource.DEFAULT):
        setattr(ctx.ensure_object(Settings), parameter.name, value)


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


pass_settings = click.make_pass_decorator(Settings, ensure=True)
