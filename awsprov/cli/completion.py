"""completion: the script that teaches a shell awsprov's commands, options and names."""

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from awsprov.cli.help_format import Command
from awsprov.errors import UsageError

HOW = {
    "bash": 'Add to ~/.bashrc:   eval "$(awsprov completion bash)"',
    "zsh": 'Add to ~/.zshrc:   eval "$(awsprov completion zsh)"',
    "fish": "Write to ~/.config/fish/completions/awsprov.fish:   awsprov completion fish",
}
# Where each shell looks by itself: bash-completion's and fish's own directories; zsh has none in a home.
_PLACES = {
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/awsprov"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/awsprov.fish"),
}


@click.command(cls=Command)
@click.argument("shell", type=click.Choice([*HOW, "install"]))
def completion(shell: str) -> int:
    """Print the completion script of a shell, or install that of yours.

    It completes commands, options, topics, and the names of this project: stages, functions, resources and versions.

    \b
    Examples:
      awsprov completion install
      eval "$(awsprov completion bash)"
    """
    if shell == "install":
        return _install(Path(os.environ.get("SHELL", "")).name)
    click.echo(_script(shell))
    click.echo(HOW[shell], err=True)
    return 0


def _script(shell: str) -> str:
    from awsprov.cli import cli  # noqa: PLC0415 - which loads this module

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows the shells of HOW
    return kind(cli, {}, "awsprov", "_AWSPROV_COMPLETE").source()


def _install(shell: str) -> int:
    """Write the script to where the person's shell looks for it."""
    if shell not in _PLACES:
        why = HOW.get(shell, "$SHELL names none of bash, zsh and fish.")
        raise UsageError("There is no place for the script that this shell looks at by itself.", why=why)
    variable, below, name = _PLACES[shell]
    path = Path(os.environ.get(variable) or Path.home() / below) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_script(shell), encoding="utf-8")
    click.echo(path)
    click.echo("New sessions complete `awsprov`.", err=True)
    return 0
