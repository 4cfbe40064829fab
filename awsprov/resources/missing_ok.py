"""Calls whose subject may not exist: reading it returns None, and deleting it succeeds."""

from collections.abc import Callable, Collection
from typing import TypeVar

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, refusal
from awsprov.errors import AwsprovError, TimedOutError

T = TypeVar("T")

# The error codes of services that mean "does not exist". EC2 and EFS have one for each type of resource.
API_GATEWAY_MISSING = ("NotFoundException",)
# A permission that depends on the tags of a resource also refuses what does not exist, or belongs to somebody else.
API_GATEWAY_NOT_OURS = (*API_GATEWAY_MISSING, "AccessDeniedException")
API_GATEWAY_CONFLICT = ("ConflictException",)
IAM_MISSING = ("NoSuchEntity",)
LAMBDA_MISSING = LOGS_MISSING = ("ResourceNotFoundException",)
# EC2's error codes for a resource that another resource uses, which may itself be being deleted.
IN_USE = ("DependencyViolation", "InvalidGroup.InUse", "InvalidIPAddress.InUse", "InvalidNetworkInterface.InUse")


def none_if_missing(call: Callable[[], T], *, missing: Collection[str]) -> T | None:
    """Return the response of a call, or None when its subject does not exist.

    Arguments:
        call: makes the call.
        missing: the error codes that mean "does not exist".
    """
    try:
        return call()
    except ClientError as error:
        if error_code(error) not in missing:
            raise
        return None


def delete(
    aws: Aws,
    call: Callable[[], object],
    *,
    missing: Collection[str],
    in_use: Collection[str] = (),
    within: float = 300,
    on_in_use: Callable[[], object] = lambda: None,
) -> None:
    """Repeat a deleting call until it succeeds or its subject does not exist.

    Arguments:
        aws: the clients; decides how long to wait between attempts.
        call: the deleting call.
        missing: the error codes that mean "does not exist".
        in_use: the error codes that mean "still in use"; the call is repeated on them.
        within: seconds after which a resource that is still in use is an error.
        on_in_use: called after each "still in use", to remove what uses it.

    Raises:
        TimedOutError: the resource is still in use; carries AWS's own sentence.
    """
    blockers: list[ClientError] = []

    def attempt() -> bool:
        try:
            call()
        except ClientError as error:
            if error_code(error) in missing:
                return True
            if error_code(error) not in in_use:
                raise
            blockers.append(error)
            on_in_use()
            return False
        return True

    try:
        aws.wait_until(attempt, within, "its dependents to be deleted")
    except TimedOutError as error:
        raise _still_in_use(blockers[-1], within) from error


def _still_in_use(error: ClientError, within: float) -> AwsprovError:
    return TimedOutError(
        f"Still in use after {within:.0f} s.",
        why=str(error),
        remedy="Run the same command again: it continues from here.",
        **refusal(error),
    )
