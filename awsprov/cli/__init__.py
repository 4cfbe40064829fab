"""The command line: `awsprov`. A file for each family of commands, imported when one of them is called."""

import gc
import importlib
import os
import re
import sys

import click

from awsprov import __version__
from awsprov.cli.help_format import Group
from awsprov.cli.options import Settings, coloured, common

COMMANDS = {
    "init": "init",
    "doctor": "doctor",
    "plan": "plan",
    "up": "provision",
    "lock": "libs",
    "deploy": "provision",
    "down": "provision",
    "status": "status",
    "invoke": "invoke",
    "logs": "logs",
    "explain": "explain",
    "history": "history",
    "rollback": "history",
    "graph": "graph",
    "cost": "cost",
    "pause": "pause",
    "resume": "pause",
    "libs": "libs",
    "ssh": "ssh",
    "policy": "policy",
    "recover": "recover",
    "unlock": "unlock",
    "config": "config",
    "local": "local",
    "completion": "completion",
    "help": "help",
}  # name: the module that holds it


class Commands(Group):
    """The commands, in the order in which people meet them, loaded when they are asked for."""

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
        elif _speaks_first(ctx, args):
            click.echo(f"awsprov {args[0]} …", err=True)
        return super().resolve_command(ctx, args)


# Said here and not asked of the commands, so that `awsprov --help` imports none of them; a test holds the two together.
SHORT = {
    "init": "Write a config.yaml, and a first handler.",
    "doctor": "Check whether the stack can be created; creates nothing.",
    "plan": "Show what `up` would do.",
    "up": "Make everything as config.yaml says.",
    "lock": "Resolve requirements.txt into exact versions and hashes.",
    "deploy": "Bring code and libraries up to date, and nothing else.",
    "down": "Take everything away, and look whether anything is left.",
    "status": "Show what there is, how it is, and where it answers.",
    "invoke": "Send a request to a function.",
    "logs": "Show a function's log lines.",
    "explain": "Find out why requests to a function fail.",
    "history": "Show what was released, when and by whom.",
    "rollback": "Make an earlier version live again.",
    "graph": "Draw the architecture: svg, png, mermaid or dot.",
    "cost": "Show what the stack costs: as it is, paused, and gone.",
    "pause": "Stop paying by the hour: no NAT gateway, no builder that runs.",
    "resume": "Bring a paused stack back as it was.",
    "libs": "The environments on the file system.",
    "ssh": "Open a session with the builder, or run a command on it.",
    "policy": "Print the least IAM policy for who runs awsprov.",
    "recover": "Write a lost state file anew, from the tags on AWS.",
    "unlock": "Take the stack's lock away from a machine that is gone.",
    "config": "Show what config.yaml, options, variables and defaults come to.",
    "local": "The cloud on this machine.",
    "completion": "Print the completion script of a shell.",
    "help": "Explain a command or a topic, offline.",
}

EPILOG = """\b
Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 credentials or
permission, 4 partial (run it again), 5 locked, 6 no such stack, 7 changes
present, 8 refused, 9 timed out, 130 interrupted.
No telemetry, no update checks."""


# These have their answer at once. All others import pydantic, botocore and the whole stack before they say anything.
_PROMPT = ("init", "config", "local env", "local status", "local stop", "completion", "help")
_SILENT = re.compile(r"--(quiet|json|help)|-[vy]*[qh][vyqh]*")


def _speaks_first(ctx: click.Context, args: list[str]) -> bool:
    """Whether a word is due before the command is imported, so that nobody wonders whether anything runs."""
    settings = ctx.ensure_object(Settings)
    ours = args[: args.index("--")] if "--" in args else args
    silent = settings.quiet or settings.json or ctx.resilient_parsing or any(map(_SILENT.fullmatch, ours))
    return not (silent or " ".join(args[:2]).startswith(_PROMPT))


def _suggest(ctx: click.Context, word: str) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - only when something is wrong

    others = {"apply": "up", "create": "up", "destroy": "down", "delete": "down", "push": "deploy", "preview": "plan"}
    near = others.get(word) or next(iter(get_close_matches(word, COMMANDS, 1)), "")
    ctx.fail(f"No such command {word!r}." + (f" Did you mean `awsprov {near}`?" if near else ""))


@click.command(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(
    __version__, "--version", message="awsprov %(version)s. It sends nothing to anybody but your cloud."
)
@common(from_environment=True)
def cli() -> None:
    """Serve a Python model from AWS Lambda, with its heavy libraries on EFS: one command up, one command down.

    \b
    Examples:
      awsprov up --local       a stack on this machine, without an account
      awsprov up               the same on AWS
    """


# New objects between two collections: more than a short command makes. Most of its objects stay, and to look through
# them at every 50,000 took 87 ms of a second.
_GARBAGE = 200_000


def main() -> None:
    """Run a command and exit with its code; the one place where errors become text and numbers."""
    gc.set_threshold(_GARBAGE)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for them in every installed package
    code = run(sys.argv[1:])
    gc.freeze()  # or the interpreter, at its end, looks through all of botocore's descriptions: a tenth of a second
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run a command; returns its exit code."""
    settings = Settings()
    try:
        code = cli.main(arguments, "awsprov", standalone_mode=False, obj=settings, color=coloured())
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _usage(error, settings)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        return 1
    except Exception as error:
        return _failed(error, settings)


def _usage(error: click.ClickException, settings: Settings) -> int:
    if settings.json:
        from awsprov.cli.error_view import draw_document  # noqa: PLC0415 - it imports botocore's errors

        draw_document({"what": error.format_message()}, 2)
    else:
        error.show()
    return 2


def _failed(error: Exception, settings: Settings) -> int:
    from awsprov.cli.error_view import draw  # noqa: PLC0415 - it imports botocore's errors

    return draw(error, settings)
