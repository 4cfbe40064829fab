"""The classes of the commands: the layout of --help, and a debug log around each command."""

import inspect
import sys
from collections.abc import Iterable
from typing import IO, Any

import click

from awsprov.cli.terminal import width
from awsprov.ui.layout import GAP, definitions, shell_lines, wrap

# The page of docs/ and the topic of `awsprov help` that belong to a command.
_MORE = {
    **dict.fromkeys(("init", "config", "graph"), ("configuration", "config")),
    **dict.fromkeys(("doctor", "policy"), ("aws", "config")),
    **dict.fromkeys(("lock", "libs"), ("libraries", "state")),
    **dict.fromkeys(("deploy", "history", "rollback"), ("releases", "state")),
    **dict.fromkeys(("down", "recover", "unlock"), ("guarantees", "state")),
    **dict.fromkeys(("plan", "up"), ("daily", "state")),
    **dict.fromkeys(("cost", "pause", "resume"), ("cost", "cost")),
    "export": ("terraform", "state"),
    "egress": ("network", "cost"),
    "local": ("local-cloud", "local"),
}
_WIDTH, _WIDEST = 80, 100  # columns of help without a terminal, and at most
_SENTENCE = 200  # characters of one, at most
_EXAMPLES = "\b\nExamples:\n"


class HelpFormatter(click.HelpFormatter):
    """A formatter that breaks no words: click's own cuts those that are longer than a line."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__(width=min(width() or _WIDTH, _WIDEST))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line with the command and its arguments."""
        self.write(f"{wrap(f'Usage: {prog} {args}'.rstrip(), self.width, '  ')}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, which are separated by empty lines."""
        margin = " " * self.current_indent
        paragraphs = [" ".join(paragraph.replace("\b", "").split()) for paragraph in text.split("\n\n")]
        self.write("\n\n".join(wrap(margin + each, self.width, margin) for each in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names, each with its description beside it; below it when the name is long."""
        lines = definitions(list(rows), self.width, most=col_max, indent=" " * self.current_indent)
        self.write("".join(f"{line}\n" for line in lines))


class HelpContext(click.Context):
    """The context of a command, whose help has the width of the terminal."""

    formatter_class = HelpFormatter


class Command(click.Command):
    """A command whose help begins with examples, and that leaves a debug log.

    Its help lists the examples first, then its own options, then the common ones.
    """

    context_class = HelpContext

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command with its debug log. Neither --help nor a shell's completion runs a command."""
        from awsprov.cli.command_log import command_log  # not for `awsprov --help`

        with command_log(ctx):
            return super().invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, examples, description, options, and where to read more."""
        self.format_usage(ctx, formatter)
        about, _, examples = inspect.cleandoc(self.help or "").partition(_EXAMPLES)
        with formatter.section("Examples"):
            _write_examples(formatter, examples.splitlines())
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(about.strip())
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then the common ones."""
        shared = {parameter.name for parameter in ctx.find_root().command.params}
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Common options": []}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record:
                common = option.name in shared or "--help" in option.opts
                sections["Common options" if common else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's epilog, or the topic and the page to read next."""
        if self.epilog:
            super().format_epilog(ctx, formatter)
            return
        page, topic = _MORE.get(ctx.command_path.split()[1], ("daily", "exit-codes"))
        formatter.write_paragraph()
        formatter.write_text(f"See also: `awsprov help {topic}`, docs/{page}.md.")


class MissingCommandError(click.UsageError):
    """No subcommand was given to a command that has some: its help is shown.

    Arguments:
        ctx: the command's context.
    """

    def __init__(self, ctx: click.Context) -> None:
        super().__init__(f"{ctx.command_path} needs a command.", ctx)
        self._help = ctx.get_help()

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the help to a file."""
        (file or sys.stderr).write(f"{self._help}\n")


class Group(Command, click.Group):
    """A command with subcommands, which have a debug log each."""

    command_class = Command

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.invoke_without_command, self.no_args_is_help = True, False  # `invoke` shows the help

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand, which logs for itself; without one, show the help, even after options."""
        result = click.Group.invoke(self, ctx)
        if ctx.invoked_subcommand is None:
            raise MissingCommandError(ctx)
        return result

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the first sentence of its help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(_SENTENCE)) for name, each in commands if each])


def _write_examples(formatter: click.HelpFormatter, lines: Iterable[str]) -> None:
    """Write commands, each of which a shell understands when it is copied, with what they do."""
    rows = [line.strip().partition(GAP) for line in lines]
    formatter.write_dl([(command, about.strip()) for command, _, about in rows if about])
    for command in [command for command, _, about in rows if not about]:
        formatter.write("".join(f"{part}\n" for part in shell_lines(command, formatter.width, GAP)))
