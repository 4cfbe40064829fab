"""completion: the script that teaches a shell awsprov's commands and options."""

import click
from click.shell_completion import get_completion_class

HOW = {
    "bash": 'Add to ~/.bashrc:   eval "$(awsprov completion bash)"',
    "zsh": 'Add to ~/.zshrc:   eval "$(awsprov completion zsh)"',
    "fish": "Write to ~/.config/fish/completions/awsprov.fish:   awsprov completion fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(HOW)))
def completion(shell: str) -> int:
    """Print the completion script of a shell.

    \b
    Examples:
      eval "$(awsprov completion bash)"
    """
    from awsprov.cli import cli  # noqa: PLC0415 - which loads this module

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows the shells of HOW
    click.echo(kind(cli, {}, "awsprov", "_AWSPROV_COMPLETE").source())
    click.echo(HOW[shell], err=True)
    return 0
