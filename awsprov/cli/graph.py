"""graph: the architecture as a picture, or as text that others draw."""

import sys
from pathlib import Path

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import open_session, say
from awsprov.diagram.model import THEMES, Diagram, diagram, resource_states
from awsprov.errors import UsageError
from awsprov.ui.json_output import print_json

FORMATS = ("svg", "png", "mermaid", "dot")
_ENDINGS = {".svg": "svg", ".png": "png", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot"}


@click.command(cls=Command)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The file to write. [default: stdout]")
@click.option(
    "-f", "--format", "form", type=click.Choice(FORMATS), help="[default: by the file's ending, else mermaid]"
)
@click.option("--theme", type=click.Choice(THEMES), default="auto", show_default=True, help="Auto follows the reader.")
@common()
@pass_settings
def graph(settings: Settings, out: Path | None, form: str | None, theme: str) -> int:
    """Draw the architecture: region, VPC, zones, subnets and what is in them, as svg, png, mermaid or dot.

    Before the first `up` as config.yaml asks for it, dashed; afterwards as it stands, with ids and states.

    \b
    Examples:
      awsprov graph -o stack.svg
      awsprov graph --format mermaid
    """
    form = form or _form(out)
    if form == "png" and not out and (settings.json or sys.stdout.isatty()):
        raise UsageError("A PNG is nothing for a terminal or a document.", remedy="Name a file: -o stack.png.")
    session = open_session(settings)
    states = {}
    if session.state_path.exists():
        session.engine().refresh()
        states = resource_states(session.stack, session.aws)
    drawn = _draw(diagram(session.stack, session.config, states), form, theme)
    if out:
        out.write_bytes(drawn)
        say(settings, f"wrote {out}")
    if settings.json:
        print_json("graph", format=form, **({"file": str(out)} if out else {"picture": drawn.decode()}))
    elif not out:
        click.echo(drawn, nl=False)
    return 0


def _form(out: Path | None) -> str:
    """The format that a file's ending asks for."""
    if out is None:
        return "mermaid"
    if out.suffix.lower() not in _ENDINGS:
        raise UsageError(f"{out} has no ending of a picture.", remedy=f"Say --format, one of {', '.join(FORMATS)}.")
    return _ENDINGS[out.suffix.lower()]


def _draw(picture: Diagram, form: str, theme: str) -> bytes:
    if form == "png":
        return _png(picture, theme)
    from awsprov.diagram import svg, text  # noqa: PLC0415 - one of them is needed

    if form == "svg":
        return svg.svg(picture, theme).encode()
    return (text.dot if form == "dot" else text.mermaid)(picture).encode()


def _png(picture: Diagram, theme: str) -> bytes:
    from awsprov.diagram.svg import png  # noqa: PLC0415 - it needs an extra

    try:
        return png(picture, theme)
    except ImportError as error:
        raise UsageError(
            "PNG needs a library that is not installed.",
            why=str(error),
            remedy="Run `pip install 'awsprov[png]'`, or take --format svg.",
        ) from error
