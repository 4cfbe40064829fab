"""Selects the board that suits the terminal and the options of a command."""

import os
import sys

from awsprov.engine.estimate import Forecast
from awsprov.ui.board import Board, JsonBoard, LineBoard, NullBoard
from awsprov.ui.console import stderr_console
from awsprov.ui.encoding import encodable
from awsprov.ui.tree import TREE, TreeBoard


def select_board(
    expected: Forecast,
    *,
    packages: int = 0,
    plain: bool = False,
    as_json: bool = False,
    quiet: bool = False,
    verbose: int = 0,
) -> Board:
    """Return the board for the options: JSON, nothing, lines, or a tree if stderr is an interactive terminal.

    Arguments:
        expected: the forecast of the run.
        packages: the number of packages in the libraries.
        plain: print lines even on a terminal.
        as_json: print JSON documents.
        quiet: show nothing.
        verbose: above 0, print a line for every step.
    """
    if as_json:
        return JsonBoard()
    if quiet:
        return NullBoard()
    console = stderr_console()
    interactive = sys.stderr.isatty() and console.is_terminal and not (console.is_dumb_terminal or _lacks_lines())
    if interactive and not (plain or verbose or os.environ.get("CI")):
        return TreeBoard(console, expected, packages)
    return LineBoard(console, expected, all_steps=verbose > 0)


def _lacks_lines() -> bool:
    """Return whether stderr cannot encode the lines and marks of a tree."""
    return encodable(TREE, sys.stderr) != TREE
