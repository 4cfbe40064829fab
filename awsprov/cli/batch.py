"""The progress of a batch on the screen, and its result."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from awsprov.cli.interrupts import interruptible
from awsprov.cli.output import note
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo
from awsprov.errors import PartialError
from awsprov.operations.batch import Batch, Progress
from awsprov.ui.console import stderr_console
from awsprov.ui.json_output import print_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_EVERY = 5.0  # seconds between two lines where no bar can be drawn
_SHOWN = 10  # failed records that are listed


def run_batch(settings: Settings, batch: Batch) -> int:
    """Run a batch, and report its result.

    Raises:
        PartialError: some records failed.
    """
    began = time.monotonic()
    with _watching(settings) as (watch, message), interruptible(batch.stop, message):
        done = batch.run(watch)
    seconds = time.monotonic() - began
    if done.failed:
        raise _failures(done, batch)
    if settings.json:
        print_json("batch", **_figures(done), seconds=round(seconds, 1))
    new = f"{done.sent} of them new, in {seconds:.1f} s" if done.sent else "none of them new"
    note(settings, f"{done.records} results in {batch.target}, {new}.")
    return 0


def _figures(done: Progress) -> dict[str, int]:
    return {"records": done.records, "before": done.before, "sent": done.sent, "failed": len(done.failed)}


def _failures(done: Progress, batch: Batch) -> PartialError:
    failed = sorted(done.failed.items())
    shown = [f"line {line}: {reason}" for line, reason in failed[:_SHOWN]]
    more = [f"and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    return PartialError(
        f"{len(failed)} of {done.records} records failed; {done.records - len(failed)} results are in {batch.target}.",
        why="\n".join([*shown, *more]),
        remedy="Run the same command again: it sends only the records that failed.",
        reference="`awsprov help invoke`",
    )


Watch = Callable[[Progress], None]


@contextmanager
def _watching(settings: Settings) -> Iterator[tuple[Watch, Callable[[str], None]]]:
    """Yield a function that shows the progress after each record, and one that prints a message in between."""
    screen = stderr_console()
    if settings.json or settings.quiet:
        yield (lambda _: None), (lambda _: None)
    elif screen.is_terminal and not screen.is_dumb_terminal:
        with _bar(screen) as bar:
            task = bar.add_task("", total=None, failed="")
            yield (lambda progress: _draw(bar, task, progress)), bar.console.print
    else:
        yield _Lines(), lambda text: echo(text, err=True)


def _bar(screen: "Console") -> "Bar":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("[red]{task.fields[failed]}"), TimeRemainingColumn())
    return Progress(*columns, console=screen, transient=True)


def _draw(bar: "Bar", task: "TaskID", progress: Progress) -> None:
    failed = f"{len(progress.failed)} failed" if progress.failed else ""
    bar.update(task, total=progress.records, completed=progress.records - progress.left, failed=failed)


class _Lines:
    """Prints a line every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() >= self._next or not progress.left:
            self._next = time.monotonic() + _EVERY
            failed = f", {len(progress.failed)} failed" if progress.failed else ""
            echo(f"{progress.records - progress.left} of {progress.records}{failed}", err=True)
