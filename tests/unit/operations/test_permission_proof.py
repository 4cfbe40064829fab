"""The least permissions of a function, with rehearsals that are functions of the tests."""

from collections.abc import Callable, Sequence
from itertools import count

import pytest

from awsprov.aws.invocation import InvocationResult
from awsprov.errors import AwsprovError
from awsprov.operations.permission_proof import RehearsalResult, UsedAction, generalised, permission_lines, prove

READ = UsedAction("s3:GetObject", "arn:aws:s3:::models/one")
LIST = UsedAction("s3:ListBucket", "arn:aws:s3:::models")
Allowed = Callable[[UsedAction], bool]


def result(payload: bytes = b"1", error: str = "") -> InvocationResult:
    return InvocationResult(payload, error, "", "1", "id")


def rehearsal(
    respond: Callable[[Allowed], Sequence[InvocationResult]], *used: UsedAction
) -> Callable[[Sequence[UsedAction] | None], RehearsalResult]:
    """A rehearsal of a function that uses these actions, and responds as it is allowed."""

    def rehearse(allowed: Sequence[UsedAction] | None) -> RehearsalResult:
        results = respond(lambda action: allowed is None or action in allowed)
        return RehearsalResult(tuple(results), frozenset(used))

    return rehearse


def test_an_action_without_which_a_request_fails_is_needed() -> None:
    found = prove(rehearsal(lambda allowed: [result(error="" if allowed(READ) else "Unhandled")], READ))
    assert (found.needed, found.unneeded, found.runs) == ((READ,), (), 4)


def test_an_action_whose_absence_changes_a_response_is_needed() -> None:
    found = prove(rehearsal(lambda allowed: [result(), result(b"2" if allowed(LIST) else b"none")], LIST))
    assert found.needed == (LIST,)


def test_an_action_that_changes_nothing_is_dropped() -> None:
    seen: list[tuple[UsedAction, bool]] = []
    rehearse = rehearsal(lambda allowed: [result(error="" if allowed(READ) else "Unhandled")], LIST, READ)
    found = prove(rehearse, lambda action, needed: seen.append((action, needed)))
    assert (found.needed, found.unneeded) == ((READ,), (LIST,))
    assert dict(seen) == {READ: True, LIST: False}


def test_of_two_ways_one_is_kept() -> None:
    """Each alone is enough: to remove one must not make the other one dispensable."""
    found = prove(
        rehearsal(lambda allowed: [result(error="" if allowed(READ) or allowed(LIST) else "Unhandled")], READ, LIST)
    )
    assert len(found.needed) == 1


def test_a_response_that_differs_each_time_is_compared_by_its_error_only() -> None:
    number = count()
    found = prove(rehearsal(lambda _: [result(str(next(number)).encode())], READ))
    assert (found.needed, found.unneeded) == ((), (READ,))


def test_a_function_without_calls_needs_nothing() -> None:
    found = prove(rehearsal(lambda _: [result()]))
    assert (found.needed, found.unneeded, found.runs) == ((), (), 2)


def test_a_request_that_fails_anyway_proves_nothing() -> None:
    with pytest.raises(AwsprovError, match="Request 2 fails with all permissions"):
        prove(rehearsal(lambda _: [result(), result(error="Unhandled")]))


def test_a_call_that_was_not_recorded_is_an_error() -> None:
    with pytest.raises(AwsprovError, match="not complete"):
        prove(rehearsal(lambda allowed: [result(error="" if allowed(LIST) else "Unhandled")], READ))


def test_many_resources_below_the_same_path_become_a_wildcard() -> None:
    keys = [UsedAction("s3:GetObject", f"arn:aws:s3:::models/v1/{number}") for number in range(4)]
    assert generalised([*keys, LIST]) == [UsedAction("s3:GetObject", "arn:aws:s3:::models/v1/*"), LIST]
    assert generalised(keys[:3]) == keys[:3]


def test_the_lines_for_the_configuration() -> None:
    arn = "arn:aws:{}:{}:123456789012:{}"
    actions = [
        READ,
        UsedAction("dynamodb:GetItem", arn.format("dynamodb", "us-east-1", "table/scores")),
        UsedAction("dynamodb:PutItem", arn.format("dynamodb", "us-east-1", "table/scores")),
        UsedAction("sqs:SendMessage", arn.format("sqs", "eu-west-1", "jobs")),
        UsedAction("secretsmanager:GetSecretValue", arn.format("secretsmanager", "us-east-1", "secret:a-b-AbCdE1")),
        UsedAction("s3:ListAllMyBuckets", "*"),
    ]
    assert permission_lines(actions, "us-east-1", "123456789012") == [
        "s3:GetObject on arn:aws:s3:::models/one",
        "dynamodb:GetItem,PutItem on table/scores",
        "sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:jobs",
        "secretsmanager:GetSecretValue on secret:a-b-??????",
        "s3:ListAllMyBuckets on *",
    ]
