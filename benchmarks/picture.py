"""Draws the saved results for light and dark pages: `python -m benchmarks.picture`.

A line for each result shows its share of its threshold.
"""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from benchmarks.comparison import Comparison

RESULTS = Path(__file__).parent / "results"
PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "benchmarks.svg"
_ROW, _TOP, _LEFT, _WIDTH, _RIGHT = 20, 30, 490, 300, 220
_FULL = 1.5  # the share of the threshold at the full width
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .quiet { fill: #57606a }
.passed { fill: #2da44e } .failed { fill: #cf222e } .mark { stroke: #57606a; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #8d96a0 } .passed { fill: #3fb950 } .failed { fill: #f85149 }
  .mark { stroke: #8d96a0 }
}"""


def saved() -> Iterator[tuple[str, Comparison]]:
    """Yield the saved results, each with the name of its benchmark."""
    for file in sorted(RESULTS.glob("*.json")):
        for fields in json.loads(file.read_text())["results"].values():
            yield file.stem, Comparison(**{name: value for name, value in fields.items() if name != "ratio"})


def share(result: Comparison) -> float:
    """Return the share of the threshold that a result is; up to 1 it passes."""
    if result.faster:
        return result.threshold / result.ratio if result.ratio else _FULL
    return result.ratio / result.threshold if result.threshold else _FULL * float(result.ratio > 0)


def draw(results: list[tuple[str, Comparison]]) -> str:
    """Return the picture as SVG."""
    height = _TOP + _ROW * len(results) + 10
    rows = "\n".join(_row(n, benchmark, result) for n, (benchmark, result) in enumerate(results))
    mark = _LEFT + _WIDTH / _FULL
    head = f'<text x="{mark}" y="18" text-anchor="middle" class="quiet">threshold</text>'
    line = f'<line x1="{mark}" x2="{mark}" y1="{_TOP - 6}" y2="{height - 6}" class="mark"/>'
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + _RIGHT}" height="{height}" role="img">'
    title = "<title>Benchmarks: the share of its threshold that each result is</title>"
    return f"{frame}{title}<style>{_STYLE}</style>\n{head}\n{rows}\n{line}\n</svg>\n"


def text(result: Comparison) -> str:
    """Return a result as a ratio, or as a value and its limit if that is fixed."""
    if result.faster:
        return f"{result.ratio:.3g} times as fast; at least {result.threshold:g}"
    if result.threshold in (0, 1):
        return f"{result.value:.3g} {result.unit}; at most {result.baseline * result.threshold:.3g}"
    return f"{result.ratio:.3g} times as much; at most {result.threshold:g}"


def _row(n: int, benchmark: str, result: Comparison) -> str:
    y = _TOP + _ROW * n
    width, kind = _WIDTH * min(share(result), _FULL) / _FULL, "passed" if result.passed else "failed"
    return (
        f'<text x="0" y="{y + 12}" class="quiet">{escape(benchmark)}</text>'
        f'<text x="62" y="{y + 12}">{escape(result.name)}</text>'
        f'<rect x="{_LEFT}" y="{y + 2}" width="{max(width, 1):.0f}" height="12" rx="2" class="{kind}"/>'
        f'<text x="{_LEFT + _WIDTH + 6}" y="{y + 12}" class="quiet">{escape(text(result))}</text>'
    )


def main() -> None:
    """Draw the saved results."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(list(saved())))
    print(PICTURE)


if __name__ == "__main__":
    main()
