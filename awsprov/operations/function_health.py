"""The health of functions: the live version, its state, and its failed requests since it went live."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, explain
from awsprov.aws.failed_requests import FailedRequest, FailureSearch, failed_requests
from awsprov.engine.stack import Stack
from awsprov.errors import CredentialsError
from awsprov.operations.api_log import ApiFailure, api_failures
from awsprov.operations.release_history import Release, releases
from awsprov.resources.api.rest_methods import RestRoute
from awsprov.resources.function.alias import LIVE, Alias

_WORKERS = 16  # requests to AWS at the same time
_SERVER_ERROR = 500
_USABLE = ("Active", "Inactive")  # an inactive function becomes active with the next request


@dataclass(frozen=True)
class Health:
    """The health of a function.

    Arguments:
        version: the live version.
        state: Lambda's state, as in `Active`; `Failed` also if the last update failed.
        reason: Lambda's reason for a state other than active.
        live: the release of the live version; None if awsprov did not publish it.
        published: the number of published versions.
        since: when that version went live.
        searched: from when on its log was searched: since it went live, or later if its log is long.
        failures: its requests since then that failed or logged an error, oldest first.
        api_failures: if there are none, the requests since then that the API answered with a server error.
    """

    version: str
    state: str
    reason: str
    live: Release | None
    published: int
    since: datetime
    searched: datetime
    failures: tuple[FailedRequest, ...]
    api_failures: tuple[ApiFailure, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether the function takes requests and none has failed since its version went live."""
        return self.state in _USABLE and not (self.failures or self.api_failures)


def health(stack: Stack, aws: Aws) -> dict[str, Health]:
    """Return the health of the functions that have a live version, by name, requested in parallel.

    Arguments:
        stack: the stack, whose resources have been found.
        aws: the clients.
    """
    found = _of_functions(stack, aws, [alias for alias in stack.of(Alias) if alias.id])
    if not found:
        return {}
    try:
        failures = api_failures(stack, aws, min(each.searched for each in found.values()))
    except ClientError as error:
        if not isinstance(explain(error), CredentialsError):
            raise
        failures = []  # a policy of an older awsprov does not allow it
    return {name: _with_api(name, each, failures) for name, each in found.items()}


def _with_api(name: str, found: Health, failures: list[ApiFailure]) -> Health:
    """Return the health with what the API could not answer, unless the function's own log explains it."""
    own = () if found.failures else (each for each in failures if each.function == name and each.at >= found.searched)
    return replace(found, api_failures=tuple(own))


def _of_functions(stack: Stack, aws: Aws, aliases: Iterable[Alias]) -> dict[str, Health]:
    with ThreadPoolExecutor(_WORKERS) as pool:
        futures = {
            alias.function.name: (pool.submit(_live, stack, aws, alias), pool.submit(releases, aws, alias))
            for alias in aliases
        }
        return {name: _health(live.result(), every.result()) for name, (live, every) in futures.items()}


def _health(found: tuple[Any, datetime, FailureSearch], every: list[Release]) -> Health:
    configuration, since, search = found
    state, reason = _state(configuration)
    live = next((release for release in every if release.state == "live"), None)
    searched = datetime.fromtimestamp(search.since / 1000, UTC)
    return Health(str(configuration["Version"]), state, reason, live, len(every), since, searched, search.requests)


def _live(stack: Stack, aws: Aws, alias: Alias) -> tuple[Any, datetime, FailureSearch]:
    """Return the live version's configuration, when it went live, and its failed requests since then."""
    configuration = aws.lambda_.get_function_configuration(FunctionName=alias.function.id, Qualifier=LIVE)
    since = live_since(aws, alias, configuration)
    return configuration, since, failures_since(stack, aws, alias, configuration, since)


def live_since(aws: Aws, alias: Alias, configuration: Any) -> datetime:
    """Return when a version went live; when it was published, if somebody else made it live.

    Arguments:
        aws: the clients.
        alias: the function's alias.
        configuration: the live version's, as Lambda returns it.
    """
    published = datetime.fromisoformat(configuration["LastModified"])
    return max(published, datetime.fromtimestamp(alias.history(aws).since, UTC))


def failures_since(stack: Stack, aws: Aws, alias: Alias, configuration: Any, since: datetime) -> FailureSearch:
    """Search for requests to a version since then that failed or logged an error; none without a log group.

    An error to which the API gives a status below 500 on purpose, as `errors` in config.yaml says, is no failure.
    """
    group = configuration.get("LoggingConfig", {}).get("LogGroup") or alias.function.log_group.id
    start = int(since.timestamp() * 1000)
    if not group:
        return FailureSearch((), start)
    found, expected = failed_requests(aws, group, str(configuration["Version"]), start), _expected_errors(stack, alias)
    return replace(found, requests=tuple(each for each in found.requests if not each.is_mapped_by(expected)))


def _expected_errors(stack: Stack, alias: Alias) -> set[str]:
    """Return the selection patterns of the errors to which the API gives a status below 500."""
    responses = [route.integration.responses() for route in stack.of(RestRoute) if route.alias is alias]
    found = {each["pattern"] for every in responses for status, each in every.items() if int(status) < _SERVER_ERROR}
    return found - {""}


def _state(configuration: Any) -> tuple[str, str]:
    if configuration.get("LastUpdateStatus") == "Failed":
        return "Failed", str(configuration.get("LastUpdateStatusReason", ""))
    return str(configuration.get("State", "Active")), str(configuration.get("StateReason", ""))
