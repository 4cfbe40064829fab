"""Results of a walk over resources: what failed, what remains, and the error that reports it."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from awsprov.aws.errors import explain
from awsprov.engine.graph import Walk
from awsprov.engine.resource import Resource
from awsprov.errors import (
    RUN_AGAIN,
    AwsprovError,
    Failure,
    InterruptedByUserError,
    PartialError,
    RefusedError,
    RejectedError,
    UnexpectedError,
    UsageError,
)

_AFTER_ADVICE = "Follow the advice above; then run the same command again: it continues from here."


@dataclass(frozen=True)
class DownResult:
    """The result of `down`.

    Arguments:
        found: the resources that existed.
        foreign: those in the state that are no longer the stack's; they were left alone.
        kept: those that were kept on purpose.
        remaining: those that should be deleted and still exist.
        walked: the deletions.
    """

    found: tuple[Resource, ...]
    foreign: tuple[Resource, ...]
    kept: tuple[Resource, ...]
    remaining: tuple[Resource, ...]
    walked: Walk[Resource]

    @property
    def count(self) -> int:
        """How many resources were found, without those that are only a choice or a look-up."""
        return _count(self.found)

    def check(self) -> None:
        """Raise a PartialError if something remains."""
        if self.remaining:
            raise PartialError(f"{len(self.remaining)} of {self.count} resources remain.", failures=self.failures)

    @property
    def failures(self) -> list[Failure]:
        """Each remaining resource with the reason why it remains."""
        return [Failure(f"{r.type} {r.name} ({r.id})", self._error(r)) for r in self.remaining]

    def _error(self, remaining: Resource) -> AwsprovError:
        errors = {r.name: error for r, error in self.walked.failed.items()}
        if remaining.name in errors:
            return _described(errors[remaining.name])
        skipped = remaining.name in {r.name for r in self.walked.skipped}
        return AwsprovError("A resource that needs it could not be deleted." if skipped else "AWS still lists it.")


def _count(resources: Iterable[Resource]) -> int:
    """Return the number of resources that AWS has, as the plan counts them."""
    return sum(not r.virtual for r in resources)


def raise_first_error(walked: Walk[Any]) -> None:
    """Raise the first error of a walk that changed nothing, if there is one; all mistakes of the user are one error."""
    errors = list(walked.failed.values())
    mistakes = [error for error in errors if isinstance(error, UsageError)]
    if len(mistakes) > 1 and mistakes[0] is errors[0]:
        raise joined(UsageError, sorted(mistakes, key=str), "\n") from mistakes[0]
    for error in errors:
        raise error


def raise_failures(walked: Walk[Resource], stop: threading.Event) -> None:
    """Raise an error when resources failed, or when the walk was stopped.

    Arguments:
        walked: the walk.
        stop: the event that stops it.

    Raises:
        PartialError: a resource failed.
        RejectedError: nothing failed but new versions, which did not pass their checks.
        InterruptedByUserError: nothing failed, but the walk was stopped before its end.
    """
    errors = list(walked.failed.values())
    if errors and all(isinstance(error, RejectedError) for error in errors):
        raise _rejected(errors) from errors[0]  # to run the same command again does not help
    interrupted = stop.is_set() and all(isinstance(error, InterruptedByUserError) for error in errors)
    if errors and not interrupted:
        names = ", ".join(r.name for r in walked.failed)
        failures = [Failure(r.name, _described(error)) for r, error in walked.failed.items()]
        advised = any(failure.error.remedy not in ("", RUN_AGAIN) for failure in failures)
        raise PartialError(
            f"{names} failed; {_count(walked.done)} done, {_count(walked.skipped)} not started.",
            remedy=_AFTER_ADVICE if advised else RUN_AGAIN,
            failures=failures,
        ) from errors[0]
    raise_if_stopped(walked, stop)


def raise_if_stopped(walked: Walk[Resource], stop: threading.Event) -> None:
    """Raise an InterruptedByUserError when the walk was stopped before its end."""
    if stop.is_set() and (walked.skipped or walked.failed):
        done, failed, skipped = _count(walked.done), len(walked.failed), _count(walked.skipped)
        raise InterruptedByUserError(
            f"Stopped: {done} done, {failed} not waited for, {skipped} not started.", remedy=RUN_AGAIN
        )


def name_conflict(r: Resource, error: Exception) -> RefusedError:
    """Return the error that AWS has something of that name that is not ours."""
    return RefusedError(
        f"{r.name} cannot be created: another one exists, without this stack's tags.",
        why=str(error),
        remedy=f"Choose another `{r.conflict_key}:` in config.yaml, or delete the existing one.",
    )


def _described(error: Exception) -> AwsprovError:
    """Return an error for people; one that is not known is the cause of an UnexpectedError."""
    described = explain(error)
    if described is None:
        described = UnexpectedError(f"{type(error).__name__}: {error}")
        described.__cause__ = error
    return described


def _rejected(errors: Sequence[Any]) -> AwsprovError:
    """Return the errors of new versions as one: each reason after the versions, with their functions, that have it."""
    if len(errors) == 1:
        return joined(RejectedError, errors, "")
    by_reason = dict[str, list[str]]()
    for error in errors:
        by_reason.setdefault(error.why, []).append(error.what)
    why = "\n".join(line for reason, versions in by_reason.items() for line in (*versions, reason) if line)
    return RejectedError(
        f"{len(errors)} new versions did not go live.", why=why, remedy=joined(RejectedError, errors, "\n").remedy
    )


def joined(kind: type[AwsprovError], errors: Sequence[Any], separator: str) -> AwsprovError:
    """Return several errors as one; what and remedy of each are separated by a separator.

    A line that several reasons or remedies have is there once.
    """
    remedies = dict.fromkeys(line for error in errors for line in error.remedy.splitlines())
    return kind(
        separator.join(error.what for error in errors),
        why="\n".join(dict.fromkeys(error.why for error in errors if error.why)),
        remedy=separator.join(remedies),
    )
