"""How a function is: the version that is live, since when, whether it takes requests, and its last failures."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.log_query import Query, ago, events
from awsprov.operations.release_history import Release, releases
from awsprov.resources.function.versions import LIVE, Alias

WITHIN = 3600.0  # seconds whose failures count
_AT_ONCE = 16  # questions
_WELL = ("Active", "Inactive")  # an inactive function wakes at the next call


@dataclass(frozen=True)
class Failure:
    """A line of the log that tells of one."""

    at: datetime
    line: str


@dataclass(frozen=True)
class Health:
    """How a function is.

    Arguments:
        version: the live one.
        state: Lambda's word for it, as in `Active`; `Failed` also when its last update failed.
        reason: why, when it is not active.
        live: its release; None when somebody else made it.
        published: how many versions there are.
        failures: of the last hour, the latest last.
    """

    version: str
    state: str
    reason: str
    live: Release | None
    published: int
    failures: tuple[Failure, ...]

    @property
    def sound(self) -> bool:
        """Whether it takes requests, and none failed lately."""
        return self.state in _WELL and not self.failures


def health(aws: Aws, aliases: Iterable[Alias]) -> dict[str, Health]:
    """How functions are, by name: Lambda and the logs are asked for all of them at once. The aliases must stand."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = {
            alias.function.name: [pool.submit(ask, aws, alias) for ask in (_configuration, releases, _failures)]
            for alias in aliases
        }
        return {name: _health(*(each.result() for each in asks)) for name, asks in asked.items()}


def _health(seen: Any, every: list[Release], failures: list[Failure]) -> Health:
    state, reason = _state(seen)
    live = next((release for release in every if release.state == "live"), None)
    return Health(str(seen["Version"]), state, reason, live, len(every), tuple(failures))


def _configuration(aws: Aws, alias: Alias) -> Any:
    return aws.lambda_.get_function_configuration(FunctionName=alias.function.id, Qualifier=LIVE)


def _state(seen: Any) -> tuple[str, str]:
    if seen.get("LastUpdateStatus") == "Failed":
        return "Failed", str(seen.get("LastUpdateStatusReason", ""))
    return str(seen.get("State", "Active")), str(seen.get("StateReason", ""))


def _failures(aws: Aws, alias: Alias) -> list[Failure]:
    group = alias.function.log_group.id
    if not group:
        return []
    found = events(aws, group, Query(ago(WITHIN), errors=True))
    return [Failure(datetime.fromtimestamp(e["timestamp"] / 1000, UTC), e["message"].splitlines()[0]) for e in found]
