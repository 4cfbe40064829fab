"""The kept figures as one picture, for light and dark pages: `python -m benchmarks.picture`.

A line for each bar: how much of what it may be it is; what is left of the mark is held.
"""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from benchmarks.bars import Bar

RESULTS = Path(__file__).parent / "results"
PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "benchmarks.svg"
_ROW, _TOP, _LEFT, _WIDTH, _RIGHT = 20, 30, 460, 300, 220
_FULL = 1.5  # what the whole width stands for, the mark being 1
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .quiet { fill: #57606a }
.held { fill: #2da44e } .missed { fill: #cf222e } .mark { stroke: #57606a; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #8d96a0 } .held { fill: #3fb950 } .missed { fill: #f85149 }
  .mark { stroke: #8d96a0 }
}"""


def kept() -> Iterator[tuple[str, Bar]]:
    """All bars whose figures were kept, with the bench that each is of."""
    for file in sorted(RESULTS.glob("*.json")):
        for fields in json.loads(file.read_text())["bars"].values():
            yield file.stem, Bar(**{name: value for name, value in fields.items() if name != "ratio"})


def used(bar: Bar) -> float:
    """The share of what it may be; up to 1, the bar is held."""
    if bar.faster:
        return bar.bound / bar.ratio if bar.ratio else _FULL
    return bar.ratio / bar.bound if bar.bound else _FULL * float(bar.ratio > 0)


def draw(bars: list[tuple[str, Bar]]) -> str:
    """The picture as SVG."""
    height = _TOP + _ROW * len(bars) + 10
    rows = "\n".join(_row(n, bench, bar) for n, (bench, bar) in enumerate(bars))
    mark = _LEFT + _WIDTH / _FULL
    head = f'<text x="{mark}" y="18" text-anchor="middle" class="quiet">threshold</text>'
    line = f'<line x1="{mark}" x2="{mark}" y1="{_TOP - 6}" y2="{height - 6}" class="mark"/>'
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + _RIGHT}" height="{height}" role="img">'
    title = "<title>Benchmarks: how much of its bar each figure is</title>"
    return f"{frame}{title}<style>{_STYLE}</style>\n{head}\n{rows}\n{line}\n</svg>\n"


def result(bar: Bar) -> str:
    """Return what a bar says: a ratio, or a value that must not be larger than a fixed one."""
    if bar.faster:
        return f"{bar.ratio:.3g} times as fast; at least {bar.bound:g}"
    if bar.bound in (0, 1):
        return f"{bar.ours:.3g} {bar.unit}; at most {bar.reference * bar.bound:.3g}"
    return f"{bar.ratio:.3g} times as much; at most {bar.bound:g}"


def _row(n: int, bench: str, bar: Bar) -> str:
    y, share = _TOP + _ROW * n, used(bar)
    width, kind = _WIDTH * min(share, _FULL) / _FULL, "held" if bar.held else "missed"
    return (
        f'<text x="0" y="{y + 12}" class="quiet">{escape(bench)}</text>'
        f'<text x="62" y="{y + 12}">{escape(bar.name)}</text>'
        f'<rect x="{_LEFT}" y="{y + 2}" width="{max(width, 1):.0f}" height="12" rx="2" class="{kind}"/>'
        f'<text x="{_LEFT + _WIDTH + 6}" y="{y + 12}" class="quiet">{escape(result(bar))}</text>'
    )


def main() -> None:
    """Draw what is kept."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(list(kept())))
    print(PICTURE)


if __name__ == "__main__":
    main()
