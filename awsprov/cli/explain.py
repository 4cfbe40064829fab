"""explain: which link between a request and the libraries is broken."""

import shutil
import textwrap
from dataclasses import asdict

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings, which_function
from awsprov.cli.session import Session, chosen, open_session, say
from awsprov.diagnose import Link, walk
from awsprov.diagnose.context import Case
from awsprov.errors import NoStackError
from awsprov.ssh.client import strip_control_sequences
from awsprov.ui.json_output import print_json

_MARKS = {"whole": ("✓", "green"), "broken": ("✗", "red"), "unseen": ("·", "white")}
_INDENT = 21  # columns before the evidence


@click.command(cls=Command)
@which_function
@common()
@pass_settings
def explain(settings: Settings, function: str | None) -> int:
    """Say which link is broken when a request is not answered: from the API to the import of a library.

    Looks at one after the other, and names the first that is broken, with what was found and what to do. Changes
    nothing. Exits with 1 when a link is broken.

    \b
    Examples:
      awsprov explain
      awsprov explain -n similarity --json
    """
    session = open_session(settings)
    name = chosen(session.config, function)
    session.engine().refresh()
    if not session.stack.living:
        raise NoStackError(
            f"There is no stack {session.config.stack} here.", remedy=f"{settings.again('up')} makes it."
        )
    found = []
    for link in walk(Case(session.stack, session.aws, name)):
        found.append(link)
        if not settings.json:
            click.echo(_line(link))
    broken = next((link for link in found if link.state == "broken"), None)
    _conclude(session, name, found, broken)
    return 1 if broken else 0


def _line(link: Link) -> str:
    mark, colour = _MARKS[link.state]
    told = [*strip_control_sequences(link.evidence or "not looked at").splitlines()]
    told += [f"What to do: {link.remedy}"] if link.remedy else []
    width = shutil.get_terminal_size().columns - _INDENT
    wrapped = [
        line
        for text in told
        for line in textwrap.wrap(text, max(width, 40), break_long_words=False, break_on_hyphens=False) or [""]
    ]
    return f"{click.style(mark, fg=colour)} {link.name:<18} " + f"\n{'':<{_INDENT}}".join(wrapped)


def _conclude(session: Session, name: str, found: list[Link], broken: Link | None) -> None:
    settings = session.settings
    if settings.json:
        links = [asdict(link) for link in found]
        print_json("explained", function=name, links=links, broken=broken.name if broken else None)
    elif broken:
        say(settings, f"{name}: the first broken link is {broken.name}.")
    else:
        say(
            settings,
            f"{name}: every link is whole. {settings.again('logs')} --errors shows what the handler failed with.",
        )
