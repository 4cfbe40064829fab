"""What every command that changes a stack works within: an engine whose events are drawn and logged."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from awsprov.cli.install_log import InstallLog
from awsprov.cli.session import Session, interruptible
from awsprov.engine.engine import Engine
from awsprov.engine.estimate import Forecast
from awsprov.engine.event_log import EventLog
from awsprov.engine.events import emit_to
from awsprov.resources.compute.libraries import Libraries


@contextmanager
def working(session: Session, expected: Forecast) -> Iterator[Engine]:
    """An engine that shows what it does, and stops when it is told to.

    Arguments:
        expected: what it has before it.
    """
    from awsprov.ui.selection import select_board  # noqa: PLC0415 - rich, for who has something to draw

    settings = session.settings
    packages = sum(len(each.environment.lock.pins) for each in session.stack.of(Libraries))
    shown = select_board(
        expected,
        packages=packages,
        plain=settings.plain,
        as_json=settings.json,
        quiet=settings.quiet,
        verbose=settings.verbose,
    )
    event_log = EventLog(session.event_log, " ".join(["awsprov", *sys.argv[1:]]))
    with interruptible(session.aws.stop, shown.note), shown:
        yield session.engine(emit_to(shown, event_log, InstallLog(session.installation_log)))
