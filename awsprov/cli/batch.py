"""A batch on the screen: how far it is, and what became of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from awsprov.cli.session import Session, interruptible, say
from awsprov.errors import PartialError
from awsprov.operations.batch import Batch, Progress
from awsprov.ui.json_output import print_json
from awsprov.ui.selection import stderr_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_EVERY = 5.0  # seconds between two lines where no bar can be drawn
_SHOWN = 10  # failed records that are told one by one


def run_batch(session: Session, batch: Batch) -> int:
    """Run it, and tell of it.

    Raises:
        PartialError: some records failed.
    """
    began = time.monotonic()
    with _watching(session) as (watch, note), interruptible(batch.stop, note):
        done = batch.run(watch)
    seconds = time.monotonic() - began
    if done.failed:
        raise _failures(done, batch)
    if session.settings.json:
        print_json("batch", **_figures(done), seconds=round(seconds, 1))
    told = f"{done.records} answers in {batch.target}"
    say(
        session.settings,
        f"{told}; {done.sent} of them are new, in {seconds:.1f} s." if done.sent else f"{told} already.",
    )
    return 0


def _figures(done: Progress) -> dict[str, int]:
    return {"records": done.records, "before": done.before, "sent": done.sent, "failed": len(done.failed)}


def _failures(done: Progress, batch: Batch) -> PartialError:
    failed = sorted(done.failed.items())
    shown = [f"line {line}: {reason}" for line, reason in failed[:_SHOWN]]
    more = [f"and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    return PartialError(
        f"{len(failed)} of {done.records} records failed; {done.records - len(failed)} answers are in {batch.target}.",
        why="\n".join([*shown, *more]),
        remedy="The same command sends those that failed again, and no others.",
        reference="`awsprov help invoke`",
    )


Watch = Callable[[Progress], None]


@contextmanager
def _watching(session: Session) -> Iterator[tuple[Watch, Callable[[str], None]]]:
    """What hears of each record, and what tells a word in between."""
    screen = stderr_console()
    if session.settings.json or session.settings.quiet:
        yield (lambda _: None), (lambda _: None)
    elif screen.is_terminal and not screen.is_dumb_terminal:
        with _bar(screen) as bar:
            task = bar.add_task("", total=None, failed="")
            yield (lambda now: _draw(bar, task, now)), bar.console.print
    else:
        yield _Lines(), lambda text: click.echo(text, err=True)


def _bar(screen: "Console") -> "Bar":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("[red]{task.fields[failed]}"), TimeRemainingColumn())
    return Progress(*columns, console=screen, transient=True)


def _draw(bar: "Bar", task: "TaskID", now: Progress) -> None:
    failed = f"{len(now.failed)} failed" if now.failed else ""
    bar.update(task, total=now.records, completed=now.records - now.left, failed=failed)


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY

    def __call__(self, now: Progress) -> None:
        if time.monotonic() >= self._next or not now.left:
            self._next = time.monotonic() + _EVERY
            failed = f", {len(now.failed)} failed" if now.failed else ""
            click.echo(f"{now.records - now.left} of {now.records}{failed}", err=True)
