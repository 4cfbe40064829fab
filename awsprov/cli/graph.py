"""graph: the architecture as a picture, or as text for other tools."""

import sys
from pathlib import Path

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import write
from awsprov.diagram.model import diagram, resource_states
from awsprov.diagram.nodes import THEMES, Diagram
from awsprov.errors import UsageError
from awsprov.ui.json_output import print_json

FORMATS = ("svg", "png", "mermaid", "dot")
_ENDINGS = {".svg": "svg", ".png": "png", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot"}


@click.command(cls=Command)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="File to write. [default: stdout]")
@click.option(
    "-f", "--format", "form", type=click.Choice(FORMATS), help="[default: from the file's extension, or mermaid]"
)
@click.option("--theme", type=click.Choice(THEMES), default="auto", show_default=True, help="Auto: the reader's theme.")
@common()
@pass_settings
def graph(settings: Settings, out: Path | None, form: str | None, theme: str) -> int:
    """Draw the architecture as svg, png, mermaid or dot: region, VPC, zones, subnets, and the resources in them.

    Before the first `up` it shows what config.yaml declares, dashed; afterwards what exists, with ids and states.

    \b
    Examples:
      awsprov graph -o stack.svg
      awsprov graph --format mermaid
    """
    form = form or _form(out)
    if form == "png" and not out and (settings.json or sys.stdout.isatty()):
        raise UsageError("A PNG can be written to a file only.", remedy="Add -o stack.png.")
    project = open_project(settings)
    states = {}
    if project.state_path.exists():
        project.engine().refresh()
        states = resource_states(project.stack, project.aws)
    drawn = _draw(diagram(project.stack, project.config, states), form, theme)
    if out:
        out.write_bytes(drawn)
        note(settings, f"Wrote {out}.")
    if settings.json:
        print_json("graph", format=form, **({"file": str(out)} if out else {"picture": drawn.decode()}))
    elif not out:
        write(drawn)
    return 0


def _form(out: Path | None) -> str:
    """Return the format that belongs to a file's extension."""
    if out is None:
        return "mermaid"
    if out.suffix.lower() not in _ENDINGS:
        raise UsageError(f"{out} has no known extension.", remedy=f"Add --format, one of {', '.join(FORMATS)}.")
    return _ENDINGS[out.suffix.lower()]


def _draw(picture: Diagram, form: str, theme: str) -> bytes:
    if form == "png":
        return _png(picture, theme)
    from awsprov.diagram import svg, text  # one of them is needed

    if form == "svg":
        return svg.svg(picture, theme).encode()
    return (text.dot if form == "dot" else text.mermaid)(picture).encode()


def _png(picture: Diagram, theme: str) -> bytes:
    from awsprov.diagram.svg import png  # it needs an extra

    try:
        return png(picture, theme)
    except ImportError as error:
        raise UsageError(
            "PNG needs a library that is not installed.",
            why=str(error),
            remedy="Run `pip install 'awsprov[png]'`, or use --format svg.",
        ) from error
