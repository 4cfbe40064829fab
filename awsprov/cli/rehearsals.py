"""Rehearsals: requests to a function in the local cloud, under other conditions than it has there otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprov.cli.settings import Settings
from awsprov.errors import NoStackError, UsageError
from awsprov.operations.batch import read_records
from awsprov.project.project import Project

if TYPE_CHECKING:
    from awsprov.local import RunningCloud

NEWEST = "$LATEST"  # no version may be live: one that lacks permissions fails the start check or the smoke request


@dataclass(frozen=True)
class RehearsalRequest:
    """A request of a rehearsal.

    Arguments:
        name: which one it is, as in `line 3 of requests.jsonl`.
        payload: the event, JSON.
    """

    name: str
    payload: bytes


def running_cloud(settings: Settings) -> "RunningCloud":
    """Return the local cloud, which the project has started.

    Raises:
        NoStackError: it was stopped since.
    """
    from awsprov import local  # only for `--local`

    running = local.find(settings.local_directory)
    if running is None:
        raise NoStackError("The local cloud is not running.", remedy="`awsprov up --local` starts it.")
    return running


def all_requests(project: Project, function: str, file: Path | None) -> list[RehearsalRequest]:
    """Return the smoke request of a function, if it has one, and the requests of a file.

    Arguments:
        project: with the function.
        function: its name in config.yaml.
        file: with a request in each line.

    Raises:
        UsageError: the file cannot be read.
    """
    smoke = project.config.functions[function].smoke
    found = [RehearsalRequest("the smoke request", smoke.payload)] if smoke else []
    records = read_records(file) if file else ()
    return found + [RehearsalRequest(f"line {each.line} of {file and file.name}", each.payload) for each in records]


def requests_of(project: Project, function: str, file: Path | None) -> list[RehearsalRequest]:
    """Return `all_requests` of a function.

    Raises:
        UsageError: there is none, or the file cannot be read.
    """
    found = all_requests(project, function, file)
    if not found:
        raise no_requests([function], "it would use nothing")
    return found


def no_requests(functions: Sequence[str], consequence: str) -> UsageError:
    """Return the error for functions without a request, with what follows from that."""
    return UsageError(
        f"There is no request for {' and '.join(functions)}, so {consequence}.",
        remedy=f"Give `functions.{functions[0]}.smoke` in config.yaml, or --requests FILE with JSON in each line.",
    )
