"""The health of functions: the live version, its state, and the failures of the last hour."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.log_query import Query, log_events, milliseconds_ago
from awsprov.operations.release_history import Release, releases
from awsprov.resources.function.versions import LIVE, Alias

WITHIN = 3600.0  # seconds; older failures do not count
_WORKERS = 16  # requests to AWS at the same time
_USABLE = ("Active", "Inactive")  # an inactive function becomes active with the next request


@dataclass(frozen=True)
class LoggedFailure:
    """A log event of a failed invocation: its time and first line."""

    at: datetime
    line: str


@dataclass(frozen=True)
class Health:
    """The health of a function.

    Arguments:
        version: the live version.
        state: Lambda's state, as in `Active`; `Failed` also if the last update failed.
        reason: Lambda's reason for a state other than active.
        live: the release of the live version; None if awsprov did not publish it.
        published: the number of published versions.
        failures: those of the last hour, oldest first.
    """

    version: str
    state: str
    reason: str
    live: Release | None
    published: int
    failures: tuple[LoggedFailure, ...]

    @property
    def healthy(self) -> bool:
        """Whether the function takes requests and none failed in the last hour."""
        return self.state in _USABLE and not self.failures


def health(aws: Aws, aliases: Iterable[Alias]) -> dict[str, Health]:
    """Return the health of functions by name, requested in parallel. The aliases must exist."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        futures = {
            alias.function.name: [pool.submit(request, aws, alias) for request in (_configuration, releases, _failures)]
            for alias in aliases
        }
        return {name: _health(*(future.result() for future in each)) for name, each in futures.items()}


def _health(configuration: Any, every: list[Release], failures: list[LoggedFailure]) -> Health:
    state, reason = _state(configuration)
    live = next((release for release in every if release.state == "live"), None)
    return Health(str(configuration["Version"]), state, reason, live, len(every), tuple(failures))


def _configuration(aws: Aws, alias: Alias) -> Any:
    return aws.lambda_.get_function_configuration(FunctionName=alias.function.id, Qualifier=LIVE)


def _state(configuration: Any) -> tuple[str, str]:
    if configuration.get("LastUpdateStatus") == "Failed":
        return "Failed", str(configuration.get("LastUpdateStatusReason", ""))
    return str(configuration.get("State", "Active")), str(configuration.get("StateReason", ""))


def _failures(aws: Aws, alias: Alias) -> list[LoggedFailure]:
    group = alias.function.log_group.id
    if not group:
        return []
    found = log_events(aws, group, Query(milliseconds_ago(WITHIN), errors=True))
    return [
        LoggedFailure(datetime.fromtimestamp(e["timestamp"] / 1000, UTC), e["message"].splitlines()[0]) for e in found
    ]
