"""The context of every command that changes a stack: events are drawn and logged, and Ctrl-C stops it."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from awsprov.cli.builder_warnings import BuilderWarnings
from awsprov.cli.install_log import InstallLog
from awsprov.cli.interrupts import interruptible
from awsprov.cli.output import note
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style
from awsprov.engine.estimate import Forecast
from awsprov.engine.event_log import EventLog
from awsprov.engine.events import Event, Listener, emit_to
from awsprov.engine.resource import distinct_notes
from awsprov.project.project import Project
from awsprov.project.uploads import left_out
from awsprov.resources.compute.libraries import Libraries


@contextmanager
def working(settings: Settings, project: Project, expected: Forecast) -> Iterator[None]:
    """Show what the project does, and stop it at Ctrl-C.

    Arguments:
        expected: the work ahead.
    """
    from awsprov.ui.selection import select_board  # rich, for commands with something to draw

    packages = sum(len(each.environment.lock.packages) for each in project.stack.of(Libraries))
    shown = select_board(
        expected,
        packages=packages,
        plain=settings.plain,
        as_json=settings.json,
        quiet=settings.quiet,
        verbose=settings.verbose,
    )
    event_log = EventLog(project.event_log, " ".join(["awsprov", *sys.argv[1:]]))
    show = _until_closed(shown, project.aws.stop)
    builder_warnings = BuilderWarnings()
    listeners = (show, builder_warnings, event_log, InstallLog(project.installation_log))
    before, project.on_event = project.on_event, emit_to(*listeners)
    try:
        with interruptible(project.aws.stop, shown.note), shown:
            yield
    finally:
        project.on_event = before
        for warning in builder_warnings.warnings:
            note(settings, style(warning, fg="yellow"))


def _until_closed(shown: Listener, stop: threading.Event) -> Listener:
    """Return a listener that shows events, and stops the command like Ctrl-C once their output is closed."""

    def show(event: Event) -> None:
        try:
            shown(event)
        except OSError:
            stop.set()

    return show


def note_remarks(settings: Settings, project: Project) -> None:
    """Print the notes of the resources, and what is left out of the uploads."""
    for text in (*distinct_notes(project.stack), *left_out(project.config)):
        note(settings, style(f"Note: {text}", fg="yellow"))


def note_code_warnings(settings: Settings, project: Project) -> None:
    """Print a warning for each import of a handler that would fail."""
    for text in project.code_warnings:
        note(settings, style(f"Warning: {text}", fg="yellow"))
