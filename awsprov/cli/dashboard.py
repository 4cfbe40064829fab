"""local open: a page in the browser that shows the stack and speaks to its functions."""

import contextlib
import errno
import os
import sys
import webbrowser
from dataclasses import replace

import click

from awsprov.cli.options import Settings
from awsprov.cli.session import open_session, say
from awsprov.dashboard.server import Page
from awsprov.dashboard.view import View
from awsprov.errors import UsageError
from awsprov.ui.json_output import print_json

IDLE = 600.0  # seconds without a question after which it ends: an open page asks every few


def serve(settings: Settings, port: int, browser: bool) -> int:
    """Serve the page until Ctrl-C, or until nobody looks at it any more."""
    session = open_session(replace(settings, local=True))
    view = View(session.config, session.aws, session.state_path, session.event_log)
    page = _bound(view, port)
    print_json("page", url=page.url) if settings.json else click.echo(page.url)
    say(settings, f"Ctrl-C ends it, and so do {IDLE / 60:.0f} min without a reader.")
    if browser and _has_screen():
        webbrowser.open(page.url)
    with contextlib.suppress(KeyboardInterrupt):
        page.serve(IDLE)
    session.aws.stop.set()  # a look that is under way waits for nothing more, and holds nobody up
    say(settings, "Ended.")
    return 0


def _bound(view: View, port: int) -> Page:
    try:
        return Page(view, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UsageError(f"Port {port} is taken by another program.", remedy="Choose another --port.") from error


def _has_screen() -> bool:
    """Whether a browser would have a window: neither CI nor a session without a screen opens one."""
    windows = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return windows and sys.stderr.isatty() and not os.environ.get("CI")
