"""Finds the least permissions of a function: each one is removed in turn, and kept if a request changes without it.

A rehearsal runs the function's requests with certain permissions. The local cloud can do that, see
`awsprov policy --prove`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from awsprov.aws.invocation import InvocationResult
from awsprov.errors import AwsprovError
from awsprov.iam.policy_meaning import Statement
from awsprov.operations.outcomes import ExpectedOutcome, changed_requests, expected_outcomes

_SIMILAR = 3  # resources below the same path, of an action; more are replaced by a wildcard
_RANDOM_SUFFIX = re.compile(r"^(secret:.+)-[A-Za-z0-9]{6}$")  # of a secret's ARN: another one in another account


@dataclass(frozen=True, order=True)
class UsedAction:
    """An action on a resource, which a function used.

    Arguments:
        action: as in `s3:GetObject`.
        resource: the ARN, which may end in a wildcard, or `*`.
    """

    action: str
    resource: str

    @property
    def statement(self) -> Statement:
        """The statement of a policy that allows it."""
        return {"Effect": "Allow", "Action": self.action, "Resource": self.resource}


@dataclass(frozen=True)
class RehearsalResult:
    """What the requests of a rehearsal returned, in their order, and the actions that the function used."""

    results: tuple[InvocationResult, ...]
    used: frozenset[UsedAction]


Rehearse = Callable[[Sequence[UsedAction] | None], RehearsalResult]  # None: with all permissions


@dataclass(frozen=True)
class Proof:
    """The least permissions of a function for certain requests.

    Arguments:
        needed: the actions without which a request fails or changes.
        unneeded: those that it used, but without which every request returns the same.
        runs: how often the requests were sent.
    """

    needed: tuple[UsedAction, ...]
    unneeded: tuple[UsedAction, ...]
    runs: int


def prove(rehearse: Rehearse, watch: Callable[[UsedAction, bool], None] = lambda action, needed: None) -> Proof:
    """Return the least permissions with which all requests return the same as with all permissions.

    Arguments:
        rehearse: runs all requests in new instances of the function, with certain permissions.
        watch: called for each action that was removed, with whether a request changed without it.

    Raises:
        AwsprovError: a request fails even with all permissions, or fails with those that the function used.
    """
    first, second = rehearse(None), rehearse(None)
    _check_results(first.results)
    expected = expected_outcomes(first.results, second.results)
    needed = generalised(first.used | second.used)
    runs = 2
    if needed:
        _check_recorded(expected, rehearse(needed).results)
        runs += 1
    unneeded: list[UsedAction] = []
    for action in tuple(needed):
        rest = [each for each in needed if each != action]
        matters = bool(changed_requests(expected, rehearse(rest).results))
        runs += 1
        watch(action, matters)
        if not matters:
            needed = rest
            unneeded.append(action)
    return Proof(tuple(needed), tuple(unneeded), runs)


def generalised(used: Iterable[UsedAction]) -> list[UsedAction]:
    """Return the actions, with one wildcard in place of more than three resources below the same path."""
    below: dict[tuple[str, str], set[UsedAction]] = defaultdict(set)
    for each in used:
        below[each.action, each.resource.rpartition("/")[0]].add(each)
    found: set[UsedAction] = set()
    for (action, parent), similar in below.items():
        found |= {UsedAction(action, f"{parent}/*")} if parent and len(similar) > _SIMILAR else similar
    return sorted(found)


def permission_lines(actions: Iterable[UsedAction], region: str, account: str) -> list[str]:
    """Return the lines for `functions.NAME.permissions`, one for the actions of a service on a resource.

    Arguments:
        actions: to allow.
        region: of the stack; ARNs of it and of the account are written without both, as the account may be another one.
        account: in which the actions were used.
    """
    by_resource: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in actions:
        service, _, name = each.action.partition(":")
        by_resource[service, _short(each.resource, region, account)].add(name)
    return [f"{service}:{','.join(sorted(names))} on {resource}" for (service, resource), names in by_resource.items()]


def _short(arn: str, region: str, account: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[4] != account or parts[3] not in ("", region):  # noqa: PLR2004 - the parts of an ARN
        return arn
    return _RANDOM_SUFFIX.sub(r"\1-??????", parts[5])


def _check_results(results: Sequence[InvocationResult]) -> None:
    for number, result in enumerate(results, start=1):
        if result.error:
            raise AwsprovError(
                f"Request {number} fails with all permissions, so no permissions can be proven.",
                why=result.failure,
                remedy="Correct the request or the function, and create what it reads in the local cloud.",
            )


def _check_recorded(expected: Sequence[ExpectedOutcome], results: Sequence[InvocationResult]) -> None:
    if changed_requests(expected, results):
        failed = next((result.failure for result in results if result.error), "")
        raise AwsprovError(
            "A request changes with the permissions for all calls that were recorded, so they are not complete.",
            why=failed or "A response differs from the one with all permissions.",
            remedy="Write the permissions by hand; `awsprov logs` shows what the function prints.",
        )
