"""completion: the script that completes awsprov's commands, options and names in a shell."""

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from awsprov.cli.help_format import Command
from awsprov.cli.terminal import echo
from awsprov.errors import UsageError

INSTRUCTIONS = {
    "bash": 'Add to ~/.bashrc:   eval "$(awsprov completion bash)"',
    "zsh": 'Add to ~/.zshrc:   eval "$(awsprov completion zsh)"',
    "fish": "Write to ~/.config/fish/completions/awsprov.fish:   awsprov completion fish",
}
# The directories that bash-completion and fish load scripts from; zsh has none in a home directory.
_LOCATIONS = {
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/awsprov"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/awsprov.fish"),
}


@click.command(cls=Command)
@click.argument("shell", type=click.Choice([*INSTRUCTIONS, "install"]))
def completion(shell: str) -> int:
    """Print a shell's completion script, or install it for your shell.

    It completes commands, options and help topics, and the project's stages, functions, resources and versions.

    \b
    Examples:
      awsprov completion install
      eval "$(awsprov completion bash)"
    """
    if shell == "install":
        return _install(Path(os.environ.get("SHELL", "")).name)
    echo(_script(shell), verbatim=True)
    echo(INSTRUCTIONS[shell], err=True)
    return 0


def _script(shell: str) -> str:
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these shells
    return kind(click.get_current_context().find_root().command, {}, "awsprov", "_AWSPROV_COMPLETE").source()


def _install(shell: str) -> int:
    """Write the script to the directory that the shell loads it from."""
    if shell not in _LOCATIONS:
        why = "" if shell in INSTRUCTIONS else "$SHELL is not bash, zsh or fish."
        remedy = INSTRUCTIONS.get(shell, "Name one of these shells, as in `awsprov completion bash`.")
        raise UsageError("The script cannot be installed for this shell.", why=why, remedy=remedy)
    variable, below, name = _LOCATIONS[shell]
    path = Path(os.environ.get(variable) or Path.home() / below) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_script(shell), encoding="utf-8")
    echo(path)
    echo("It works in new shells.", err=True)
    return 0
