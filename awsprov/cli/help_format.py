"""How a command explains itself: examples first, then its own options, then those that every command takes."""

import inspect

import click

# The page of docs/ and the topic of `awsprov help` that tell more of a command.
_MORE = {
    **dict.fromkeys(("init", "config", "graph"), ("configuration", "config")),
    **dict.fromkeys(("doctor", "policy"), ("aws", "config")),
    **dict.fromkeys(("lock", "libs"), ("libraries", "state")),
    **dict.fromkeys(("deploy", "history", "rollback"), ("releases", "state")),
    **dict.fromkeys(("down", "recover", "unlock"), ("guarantees", "state")),
    **dict.fromkeys(("plan", "up"), ("daily", "state")),
    **dict.fromkeys(("cost", "pause", "resume"), ("cost", "cost")),
    "local": ("local-cloud", "local"),
}
_SENTENCE = 200  # characters of one, at most
_EXAMPLES = "\b\nExamples:\n"


class Command(click.Command):
    """A command whose help begins with what it is most often read for."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, examples, what it does, options, where to read more."""
        self.format_usage(ctx, formatter)
        about, _, examples = inspect.cleandoc(self.help or "").partition(_EXAMPLES)
        with formatter.section("Examples"):
            formatter.write("".join(f"{line}\n" for line in examples.splitlines()))
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(about.strip())
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then those of all."""
        shared = {parameter.name for parameter in ctx.find_root().command.params}
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Options of every command": []}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record:
                of_all = option.name in shared or "--help" in option.opts
                sections["Options of every command" if of_all else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the command says last, or the topic and the page that tell more."""
        if self.epilog:
            super().format_epilog(ctx, formatter)
            return
        page, topic = _MORE.get(ctx.command_path.split()[1], ("daily", "exit-codes"))
        formatter.write_paragraph()
        formatter.write_text(f"More, offline: `awsprov help {topic}`. The page: docs/{page}.md.")


class Group(Command, click.Group):
    """The same of a command that has commands of its own."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, before the options."""
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with its whole first sentence."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(_SENTENCE)) for name, each in commands if each])
