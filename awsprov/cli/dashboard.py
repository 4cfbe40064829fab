"""local open: a dashboard in the browser that shows the stack and sends requests to its functions."""

import contextlib
import errno
import os
import sys
import webbrowser
from dataclasses import replace

from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.dashboard.server import Page
from awsprov.dashboard.view import View
from awsprov.errors import UsageError

IDLE = 600.0  # seconds without a request after which it ends; an open page sends one every few seconds


def serve(settings: Settings, port: int, browser: bool) -> int:
    """Serve the dashboard until Ctrl-C, or until no browser shows it any longer."""
    project = open_project(replace(settings, local=True))
    view = View(project)
    page = _bound(view, port)
    print_result(settings, "page", page.url, url=page.url)
    note(settings, f"Press Ctrl-C to end it. It ends by itself after {IDLE / 60:.0f} min without an open page.")
    if browser and _has_screen():
        webbrowser.open(page.url)
    with contextlib.suppress(KeyboardInterrupt):
        page.serve(IDLE)
    project.aws.stop.set()  # a request that runs stops waiting
    note(settings, "Ended.")
    return 0


def _bound(view: View, port: int) -> Page:
    try:
        return Page(view, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UsageError(f"Port {port} is in use.", remedy="Choose another --port.") from error


def _has_screen() -> bool:
    """Return whether a browser can open a window here: not in CI, and not without a display."""
    windows = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return windows and sys.stderr.isatty() and not os.environ.get("CI")
