"""Create pictures of awsprov's output for the documentation, as SVG files for light and dark themes.

python docs/hooks/screens.py terminal board.svg 'awsprov up --local' < coloured-output
python docs/hooks/screens.py browser page.svg light.png dark.png
"""

import base64
import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_COLUMNS = 96
_Rgb = tuple[int, int, int]


def _theme(paper: _Rgb, ink: _Rgb, *colours: _Rgb) -> TerminalTheme:
    return TerminalTheme(paper, ink, list(colours), list(colours))


# The colours of a theme must differ: rich numbers its CSS rules by colour, and both themes need the same numbers.
_LIGHT = _theme((252, 252, 250), (31, 35, 40), (36, 41, 47), (180, 35, 24), (26, 117, 56), (148, 88, 0),
                (9, 95, 190), (126, 56, 180), (0, 112, 122), (87, 96, 106))  # fmt: skip
_DARK = _theme((22, 27, 34), (220, 226, 233), (110, 118, 129), (255, 123, 114), (86, 211, 100), (227, 179, 65),
               (121, 192, 255), (210, 168, 255), (86, 212, 221), (173, 186, 199))  # fmt: skip


def terminal(output: str, title: str) -> str:
    """Return the output of a command as SVG.

    Arguments:
        output: text with ANSI colour codes.
        title: the command.
    """
    light, dark = (_svg(output, title, theme) for theme in (_LIGHT, _DARK))
    (bright,), (dim,) = (re.findall(r"<style>(.*?)</style>", text, re.DOTALL) for text in (light, dark))
    rules = f"{bright}{_frame(_LIGHT)}@media(prefers-color-scheme:dark){{{dim}{_frame(_DARK)}}}"
    text = light.replace(bright, rules).replace(f'fill="{_LIGHT.background_color.hex}"', 'class="paper"')
    return re.sub(r"@font-face \{.*?\}\s*", "", text, flags=re.DOTALL)  # use the reader's fonts


def _frame(theme: TerminalTheme) -> str:
    """Return CSS rules for the window frame, which rich colours without a rule."""
    return f"rect.paper{{fill:{theme.background_color.hex}}}.screen-title{{fill:{theme.foreground_color.hex}}}"


def _svg(output: str, title: str, theme: TerminalTheme) -> str:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(output.strip("\r\n")), no_wrap=False)
    console.print()  # otherwise rich cuts off the lower ends of letters in the last line
    return console.export_svg(title=title, theme=theme, unique_id="screen")


def browser(size: str, light: bytes, dark: bytes) -> str:
    """Return two screenshots as one SVG that shows one of them.

    Arguments:
        size: width and height in pixels, as in `1100x1400`.
        light, dark: WebP images.
    """
    width, height = size.split("x")
    images = "".join(
        f'<image class="{name}" width="{width}" height="{height}" href="data:image/webp;base64,{_coded(picture)}"/>'
        for name, picture in (("light", light), ("dark", dark))
    )
    rules = ".dark{display:none}@media(prefers-color-scheme:dark){.light{display:none}.dark{display:inline}}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><style>{rules}</style>{images}</svg>\n'
    )


def _coded(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def main(kind: str, target: str, about: str, *pictures: str) -> None:
    """Write a picture to a file."""
    if kind == "terminal":
        made = terminal(sys.stdin.read(), about)
    else:
        made = browser(about, *(Path(picture).read_bytes() for picture in pictures))
    Path(target).write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
