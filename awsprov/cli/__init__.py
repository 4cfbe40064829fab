"""The command line: `awsprov`. A module for each command, imported when the command is called."""

import gc
import importlib
import io
import os
import re
import sys
from contextlib import suppress
from dataclasses import replace

import click

from awsprov import __version__
from awsprov.cli.help_format import Group
from awsprov.cli.options import common
from awsprov.cli.registry import COMMANDS, SHORT
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import coloured, echo, flush_streams, open_missing_streams
from awsprov.ui.encoding import replace_unencodable


class Commands(Group):
    """The commands, in the order in which people need them, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"awsprov.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SHORT.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            _suggest(ctx, args[0])
        elif _is_slow(ctx, args):
            echo(f"awsprov {args[0]} …", err=True)
        return super().resolve_command(ctx, args)


EPILOG = """\b
Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 credentials or
permission, 4 partial (run it again), 5 locked, 6 no such stack, 7 changes
present, 8 refused, 9 timed out, 130 interrupted.
No telemetry, no update checks."""


# These print their result at once. The others import pydantic, boto3 and all resources first.
_LOCAL = ("local env", "local status", "local stop", "local list", "local reset")
_QUICK = ("init", "config", *_LOCAL, "completion", "help")
_SILENT = re.compile(r"--(quiet|json|help)|-[vy]*[qh][vyqh]*")


def _is_slow(ctx: click.Context, args: list[str]) -> bool:
    """Return whether to print the command's name before it is imported, so that something is seen at once."""
    settings = ctx.ensure_object(Settings)
    ours = args[: args.index("--")] if "--" in args else args
    silent = settings.quiet or settings.json or ctx.resilient_parsing or any(map(_SILENT.fullmatch, ours))
    return not (silent or " ".join(args[:2]).startswith(_QUICK))


def _suggest(ctx: click.Context, word: str) -> None:
    from difflib import get_close_matches  # only when something is wrong

    others = {"apply": "up", "create": "up", "destroy": "down", "delete": "down", "push": "deploy", "preview": "plan"}
    near = others.get(word) or next(iter(get_close_matches(word, COMMANDS, 1)), "")
    ctx.fail(f"No such command {word!r}." + (f" Did you mean `{near}`?" if near else ""))


@click.command(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(
    __version__, "--version", message="awsprov %(version)s. No telemetry: it connects only to your cloud."
)
@common(from_environment=True)
def cli() -> None:
    """Serve a Python model from AWS Lambda, with heavy libraries on EFS: one command creates it, one deletes it.

    \b
    Examples:
      awsprov up --local       create a stack on this machine, without an account
      awsprov up               create it on AWS
    """


# New objects between two garbage collections: more than a short command creates. Most of its objects live until the
# end, and collections at every 50,000 took 87 ms of a second.
_GARBAGE = 200_000


def main() -> None:
    """Run a command and exit with its code. Only this module turns errors into text and exit codes."""
    gc.set_threshold(_GARBAGE)
    open_missing_streams()
    replace_unencodable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for them in every installed package
    code, unwritable = run(sys.argv[1:]), flush_streams()
    gc.freeze()  # otherwise the last collection visits all of botocore's models, which takes 0.1 s
    sys.exit(code or unwritable)


def run(arguments: list[str]) -> int:
    """Run a command, and return its exit code."""
    settings = Settings()
    try:
        return _run(arguments, settings)
    except BrokenPipeError:
        return 1
    except OSError as error:  # stdout or stderr is full: the error could not be printed
        with suppress(OSError):
            _failed(error, replace(settings, json=False))
        return 1


def _run(arguments: list[str], settings: Settings) -> int:
    try:
        code = cli.main(arguments, "awsprov", standalone_mode=False, obj=settings, color=coloured())
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _usage(error, settings)
    except (KeyboardInterrupt, click.Abort):
        echo("Interrupted.", err=True)
        return 130
    except Exception as error:
        return _failed(error, settings)


def _usage(error: click.ClickException, settings: Settings) -> int:
    if settings.json:
        from awsprov.cli.error_view import draw_document  # it imports botocore's errors

        draw_document({"what": error.format_message()}, 2)
    else:
        shown = io.StringIO()
        error.show(shown)
        echo(shown.getvalue().rstrip(), err=True)
    return 2


def _failed(error: Exception, settings: Settings) -> int:
    from awsprov.cli.error_view import draw  # it imports botocore's errors

    return draw(error, settings)
