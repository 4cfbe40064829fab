"""Draws a diagram as SVG or PNG, in light and dark colours."""

from collections.abc import Iterator
from html import escape

from awsprov.diagram.layout import HEAD, LINE, WIDTH, Box, EdgePath, Layout
from awsprov.diagram.nodes import CALLERS, INTERNET, Diagram, Node

_MAX_CHARACTERS = 31  # of small text in a node
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
_CATEGORIES = ("network", "compute", "storage", "serving", "api")
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="head" d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)


def svg(picture: Diagram, theme: str = "auto") -> str:
    """Return the diagram as an SVG document.

    Arguments:
        theme: `light`, `dark`, or `auto` to follow the reader's setting (prefers-color-scheme).
    """
    layout = Layout(picture)
    width, height = f"{layout.whole.width:g}", f"{layout.whole.height:g}"
    size = f'width="{width}" height="{height}"'
    frames = list(_frames(picture, layout))
    parts = [*(rect for rect, _ in frames), *_edges(layout), *(title for _, title in frames), *_nodes(picture, layout)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}"'
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
    """Return the diagram as PNG, at twice its size so that it is sharp on any screen.

    Raises:
        ImportError: the extra `png` is not installed.
    """
    import resvg_py  # an optional dependency

    return bytes(resvg_py.svg_to_bytes(svg_string=svg(picture, "dark" if theme == "dark" else "light"), zoom=2))


def _frames(picture: Diagram, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield the boxes around nodes, outermost first, each with its title."""
    yield _frame("region", layout.region, f"Region {picture.region}", picture.vpc.exists, layout.vpc.x)
    yield _frame("vpc", layout.vpc, " · ".join([picture.vpc.title, *picture.vpc.lines]), picture.vpc.exists)
    for zone, box in zip(picture.zones, layout.zones, strict=True):
        yield _frame("zone", box, zone.title, zone.private.exists)
        if zone.public:
            yield _frame("public", layout.boxes[zone.public.key], zone.public.title, zone.public.exists)
        yield _frame("private", layout.boxes[zone.private.key], zone.private.title, zone.private.exists)


def _frame(kind: str, box: Box, title: str, exists: bool, x: float = 0) -> tuple[str, str]:
    rect = f'<rect class="frame {kind}{_plan(exists)}" {_at(box)} rx="4"/>'
    return rect, _text(f"on {kind}", (x or box.x) + 10, box.y + 20, title)


def _nodes(picture: Diagram, layout: Layout) -> Iterator[str]:
    inside = [node for zone in picture.zones for subnet in zone.subnets for node in subnet.nodes]
    gateway = [picture.gateway] if picture.gateway else []
    for node in (*picture.outside, *gateway, *picture.endpoints, picture.storage, *inside):
        yield _node(node, layout.boxes[node.key])
    for key, name in ((CALLERS, "Callers"), (INTERNET, "Internet")):
        box = layout.boxes[key]
        if any(key in (line.start, line.end) for line in picture.edges):
            label = _text("name middle", box.center_x, box.center_y + 5, name)
            yield f'<rect class="pill" {_at(box)} rx="17"/>{label}'


def _node(node: Node, box: Box) -> str:
    small = "".join(
        _text("small", box.x + 16, box.y + 40 + LINE * n, _short(line, box))
        for n, line in enumerate(node.lines[: int((box.height - HEAD) // LINE)])
    )
    return (
        f"<g><title>{escape(' · '.join([node.title, *node.lines]))}</title>"
        f'<rect class="node {node.category}{_plan(node.exists)}" {_at(box)} rx="6"/>'
        f'<rect class="bar {node.category}" x="{box.x:g}" y="{box.y + 8:g}" width="5" height="{box.height - 16:g}"/>'
        f"{_text('name', box.x + 16, box.y + 22, _short(node.title, box, 25))}{small}</g>"
    )


def _edges(layout: Layout) -> Iterator[str]:
    drawn = list(layout.edge_paths())
    yield from (f'<path class="line" d="M{_corners(line)}" marker-end="url(#arrow)"/>' for line in drawn)
    for line in drawn:
        if line.label:
            yield _text("label middle", line.at[0], line.at[1] - 5, line.label[:_MAX_CHARACTERS])


def _corners(line: EdgePath) -> str:
    return " L".join(f"{x:g} {y:g}" for x, y in line.points)


def _short(line: str, box: Box, letters: int = _MAX_CHARACTERS) -> str:
    """Return what fits into the box; a browser shows the whole text as a tooltip."""
    fits = int(letters * box.width / WIDTH)
    return line if len(line) <= fits else f"{line[: fits - 1]}…"


def _plan(exists: bool) -> str:
    return "" if exists else " plan"


def _at(box: Box) -> str:
    return f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _style(theme: str) -> str:
    """Return the style sheet, without CSS variables: some SVG renderers do not support them."""
    if theme == "auto":
        return f"{_SHAPES}{_colours(_LIGHT)}@media (prefers-color-scheme: dark) {{{_colours(_DARK)}}}"
    return _SHAPES + _colours(_LIGHT if theme == "light" else _DARK)


_SHAPES = (
    "text{font-family:Helvetica,Arial,'DejaVu Sans',sans-serif;font-size:12px}.title{font-size:20px;font-weight:bold}"
    ".name{font-size:13px;font-weight:bold}.small,.label{font-size:11px}.middle{text-anchor:middle}"
    ".label,.on{paint-order:stroke;stroke-width:4px}.on{font-weight:bold}.frame,.node,.line{stroke-width:1.5}"
    ".line,.frame{fill:none}.plan{stroke-dasharray:6 4}.region{stroke-dasharray:2 3}.zone{stroke-dasharray:8 4}"
)


def _colours(of: dict[str, str]) -> str:
    rules = {".paper": f"fill:{of['paper']}", ".title,.name": f"fill:{of['ink']}", ".small": f"fill:{of['dim']}"}
    rules |= {".label": f"fill:{of['ink']};stroke:{of['paper']}", ".line": f"stroke:{of['line']}"}
    rules |= {".head": f"fill:{of['line']}", ".node": f"fill:{of['box']}"}
    rules[".pill"] = f"fill:{of['box']};stroke:{of['line']}"
    for kind in ("region", "vpc", "zone"):
        rules |= {f".frame.{kind}": f"stroke:{of[kind]}", f".on.{kind}": f"fill:{of[kind]};stroke:{of['paper']}"}
    for kind in ("public", "private"):
        rules |= {f".frame.{kind}": f"fill:{of[kind]}", f".on.{kind}": f"fill:{of['ink']};stroke:{of[kind]}"}
    for category in _CATEGORIES:
        rules |= {f".node.{category}": f"stroke:{of[category]}", f".bar.{category}": f"fill:{of[category]}"}
    return "".join(f"{chosen}{{{rule}}}" for chosen, rule in rules.items())
