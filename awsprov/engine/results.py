"""What became of a walk over resources, as an error for people."""

import threading
from dataclasses import dataclass
from typing import Any

from awsprov.engine.graph import Walk
from awsprov.engine.resource import Resource
from awsprov.errors import AwsprovError, InterruptedByUserError, PartialError, RefusedError, RejectedError


@dataclass(frozen=True)
class DownResult:
    """What `down` found, what it kept on purpose, and what remains against its will.

    Arguments:
        walked: what became of each deletion.
    """

    found: tuple[Resource, ...]
    kept: tuple[Resource, ...]
    remaining: tuple[Resource, ...]
    walked: Walk[Resource]

    def reason(self, remaining: Resource) -> str:
        """Why it remains."""
        failed = {r.name: error for r, error in self.walked.failed.items()}
        if remaining.name in failed:
            error = failed[remaining.name]
            return f"{error} {getattr(error, 'why', '')}".strip()
        waiting = remaining.name in {r.name for r in self.walked.skipped}
        return "what needs it could not be deleted" if waiting else "AWS still lists it"


def raise_first_error(seen: Walk[Any]) -> None:
    """Raise the first error as it is: nothing was changed yet."""
    for error in seen.failed.values():
        raise error


def raise_failures(done: Walk[Resource], stop: threading.Event) -> None:
    """Say what failed, and why; or that it was stopped.

    Raises:
        PartialError: something failed.
        RejectedError: nothing did, but that a new version did not answer as it must.
        InterruptedByUserError: nothing did, but not everything was started.
    """
    if done.failed and all(isinstance(error, RejectedError) for error in done.failed.values()):
        _raise_rejected(list(done.failed.values()))
    gave_up = all(isinstance(error, InterruptedByUserError) for error in done.failed.values())
    if done.failed and not (stop.is_set() and gave_up):
        first = next(iter(done.failed.values()))
        names = ", ".join(r.name for r in done.failed)
        raise PartialError(
            f"{names} failed; {len(done.done)} done, {len(done.skipped)} not started.",
            why="\n".join(_told(r, error) for r, error in done.failed.items()),
            remedy=getattr(first, "remedy", "") or "Run the same command again: it goes on from here.",
            reference=getattr(first, "reference", ""),
            request_id=getattr(first, "request_id", ""),
        ) from first
    raise_if_stopped(done, stop)


def raise_if_stopped(done: Walk[Resource], stop: threading.Event) -> None:
    """Say that it was stopped before everything was started."""
    if stop.is_set() and (done.skipped or done.failed):
        raise InterruptedByUserError(
            f"Stopped: {len(done.done)} done, {len(done.failed)} not waited for, {len(done.skipped)} not started.",
            remedy="Run the same command again: it goes on from here.",
        )


def _raise_rejected(errors: list[Any]) -> None:
    """To run the same command again is no remedy for these."""
    what, why = " ".join(error.what for error in errors), "\n".join(error.why for error in errors)
    raise RejectedError(what, why=why, remedy=errors[0].remedy) from errors[0]


def _told(r: Resource, error: Exception) -> str:
    why = f" ({error.why})" if isinstance(error, AwsprovError) and error.why else ""
    return f"{r.name}: {error}{why}"


def name_conflict(r: Resource, error: Exception) -> RefusedError:
    """Return the error that AWS has something of that name that is not ours."""
    return RefusedError(
        f"{r.name}: something of that name exists already, and it does not carry this stack's tags.",
        why=str(error),
        remedy="Choose another `name:` in config.yaml, or remove what is there.",
    )
