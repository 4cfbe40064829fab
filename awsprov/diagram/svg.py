"""A diagram as SVG, in colours that can be read on light and on dark."""

from collections.abc import Iterator
from html import escape

from awsprov.diagram.layout import WIDE, Box, Drawn, Layout
from awsprov.diagram.model import CALLERS, INTERNET, Diagram, Thing

_FITS = 31  # characters of small print in a thing's box
_LIGHT = {
    "paper": "#ffffff", "ink": "#16191f", "dim": "#545b64", "line": "#687078", "box": "#ffffff", "region": "#00797c",
    "vpc": "#7a3ff2", "zone": "#0f6cbd", "public": "#e9f3e3", "private": "#e3f1f5", "network": "#7a3ff2",
    "compute": "#c45500", "storage": "#3f7d12", "serving": "#c45500", "api": "#c2185b",
}  # fmt: skip
_DARK = {
    "paper": "#161d26", "ink": "#f2f3f3", "dim": "#b6bec9", "line": "#95a5b8", "box": "#1f2937", "region": "#2ad0c9",
    "vpc": "#bd93ff", "zone": "#6cb8ff", "public": "#20311f", "private": "#1b303a", "network": "#bd93ff",
    "compute": "#ff9d4d", "storage": "#8fd14f", "serving": "#ff9d4d", "api": "#ff7eb6",
}  # fmt: skip
_HUES = ("network", "compute", "storage", "serving", "api")
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="head" d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)


def svg(picture: Diagram, theme: str = "auto") -> str:
    """The diagram as an SVG document.

    Arguments:
        theme: `auto` follows the reader's own setting (prefers-color-scheme); a PNG needs one of the others.
    """
    layout = Layout(picture)
    size = f'width="{layout.whole.wide:g}" height="{layout.whole.high:g}"'
    frames = list(_frames(picture, layout))
    parts = [*(rect for rect, _ in frames), *_lines(layout), *(title for _, title in frames), *_things(picture, layout)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {layout.whole.wide:g} {layout.whole.high:g}"'
            f' role="img" aria-label="Architecture of {escape(picture.title)}">',
            f"<style>{_style(theme)}</style>",
            _ARROW,
            f'<rect class="paper" {size}/>',
            _text("title", 18, 32, picture.title),
            *parts,
            "</svg>\n",
        ]
    )


def png(picture: Diagram, theme: str = "light") -> bytes:
    """The diagram as PNG, at twice its size, so that it is sharp on any screen.

    Raises:
        ImportError: the extra `png` is not installed.
    """
    import resvg_py  # noqa: PLC0415 - an extra

    return bytes(resvg_py.svg_to_bytes(svg_string=svg(picture, "dark" if theme == "dark" else "light"), zoom=2))


def _frames(picture: Diagram, layout: Layout) -> Iterator[tuple[str, str]]:
    """The boxes around others, outermost first, each with its title."""
    yield _frame("region", layout.region, f"Region {picture.region}", picture.vpc.made, layout.vpc.x)
    yield _frame("vpc", layout.vpc, " · ".join([picture.vpc.title, *picture.vpc.lines]), picture.vpc.made)
    for zone, box in zip(picture.zones, layout.zones, strict=True):
        yield _frame("zone", box, zone.title, zone.private.made)
        yield _frame("public", layout.boxes[zone.public.key], zone.public.title, zone.public.made)
        yield _frame("private", layout.boxes[zone.private.key], zone.private.title, zone.private.made)


def _frame(kind: str, box: Box, title: str, made: bool, x: float = 0) -> tuple[str, str]:
    rect = f'<rect class="frame {kind}{_plan(made)}" {_at(box)} rx="4"/>'
    return rect, _text(f"on {kind}", (x or box.x) + 10, box.y + 20, title)


def _things(picture: Diagram, layout: Layout) -> Iterator[str]:
    inside = [thing for zone in picture.zones for place in (zone.public, zone.private) for thing in place.things]
    for thing in (*picture.outside, picture.gateway, picture.storage, *inside):
        yield _thing(thing, layout.boxes[thing.key])
    for key, name in ((CALLERS, "Callers"), (INTERNET, "Internet")):
        box = layout.boxes[key]
        if any(key in (line.start, line.end) for line in picture.lines):
            yield f'<rect class="pill" {_at(box)} rx="17"/>' + _text("name middle", box.middle, box.centre + 5, name)


def _thing(thing: Thing, box: Box) -> str:
    small = "".join(
        _text("small", box.x + 16, box.y + 40 + 15 * n, _short(line, box)) for n, line in enumerate(thing.lines[:3])
    )
    return (
        f"<g><title>{escape(' · '.join([thing.title, *thing.lines]))}</title>"
        f'<rect class="thing {thing.hue}{_plan(thing.made)}" {_at(box)} rx="6"/>'
        f'<rect class="bar {thing.hue}" x="{box.x:g}" y="{box.y + 8:g}" width="5" height="{box.high - 16:g}"/>'
        f"{_text('name', box.x + 16, box.y + 22, _short(thing.title, box, 25))}{small}</g>"
    )


def _lines(layout: Layout) -> Iterator[str]:
    drawn = list(layout.lines())
    yield from (f'<path class="line" d="M{_corners(line)}" marker-end="url(#arrow)"/>' for line in drawn)
    for line in drawn:
        if line.about:
            yield _text("label middle", line.at[0], line.at[1] - 5, line.about[:_FITS])


def _corners(line: Drawn) -> str:
    return " L".join(f"{x:g} {y:g}" for x, y in line.points)


def _short(line: str, box: Box, letters: int = _FITS) -> str:
    """What fits into the box; the whole is its title, which a browser shows."""
    fits = int(letters * box.wide / WIDE)
    return line if len(line) <= fits else f"{line[: fits - 1]}…"


def _plan(made: bool) -> str:
    return "" if made else " plan"


def _at(box: Box) -> str:
    return f'x="{box.x:g}" y="{box.y:g}" width="{box.wide:g}" height="{box.high:g}"'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _style(theme: str) -> str:
    """Colours written out and no variables of CSS: not everything that draws SVG knows those."""
    if theme == "auto":
        return f"{_SHAPES}{_colours(_LIGHT)}@media (prefers-color-scheme: dark) {{{_colours(_DARK)}}}"
    return _SHAPES + _colours(_LIGHT if theme == "light" else _DARK)


_SHAPES = (
    "text{font-family:Helvetica,Arial,'DejaVu Sans',sans-serif;font-size:12px}.title{font-size:20px;font-weight:bold}"
    ".name{font-size:13px;font-weight:bold}.small,.label{font-size:11px}.middle{text-anchor:middle}"
    ".label,.on{paint-order:stroke;stroke-width:4px}.on{font-weight:bold}.frame,.thing,.line{stroke-width:1.5}"
    ".line,.frame{fill:none}.plan{stroke-dasharray:6 4}.region{stroke-dasharray:2 3}.zone{stroke-dasharray:8 4}"
)


def _colours(of: dict[str, str]) -> str:
    rules = {".paper": f"fill:{of['paper']}", ".title,.name": f"fill:{of['ink']}", ".small": f"fill:{of['dim']}"}
    rules |= {".label": f"fill:{of['ink']};stroke:{of['paper']}", ".line": f"stroke:{of['line']}"}
    rules |= {".head": f"fill:{of['line']}", ".thing": f"fill:{of['box']}"}
    rules[".pill"] = f"fill:{of['box']};stroke:{of['line']}"
    for kind in ("region", "vpc", "zone"):
        rules |= {f".frame.{kind}": f"stroke:{of[kind]}", f".on.{kind}": f"fill:{of[kind]};stroke:{of['paper']}"}
    for kind in ("public", "private"):
        rules |= {f".frame.{kind}": f"fill:{of[kind]}", f".on.{kind}": f"fill:{of['ink']};stroke:{of[kind]}"}
    for hue in _HUES:
        rules |= {f".thing.{hue}": f"stroke:{of[hue]}", f".bar.{hue}": f"fill:{of[hue]}"}
    return "".join(f"{chosen}{{{rule}}}" for chosen, rule in rules.items())
