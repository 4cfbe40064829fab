"""Taking things away: gone already is success, and what blocks a removal is waited for and named."""

from collections.abc import Callable, Collection

from awsprov.aws.client import Aws, ClientError, error_code
from awsprov.errors import AwsprovError, TimedOutError

# What EC2 says while something that is itself going away still uses a thing.
IN_USE = ("DependencyViolation", "InvalidGroup.InUse", "InvalidIPAddress.InUse", "InvalidNetworkInterface.InUse")


def remove(
    aws: Aws,
    call: Callable[[], object],
    *,
    gone: Collection[str],
    blocked: Collection[str] = (),
    within: float = 300,
    unblock: Callable[[], object] = lambda: None,
) -> None:
    """Make a deleting call until it is done.

    Arguments:
        aws: what is asked.
        call: the call; deletes one thing.
        gone: error codes that say that it is gone already.
        blocked: error codes that say that something still uses it.
        within: seconds that a blocker may take to go away.
        unblock: called whenever something blocks it; does what may be done about that.

    Raises:
        TimedOutError: it is still blocked; carries AWS's own sentence.
    """
    blockers: list[ClientError] = []

    def attempt() -> bool:
        try:
            call()
        except ClientError as error:
            if error_code(error) in gone:
                return True
            if error_code(error) not in blocked:
                raise
            blockers.append(error)
            unblock()
            return False
        return True

    try:
        aws.eventually(attempt, within, "what uses it to go away")
    except TimedOutError as error:
        raise _still_blocked(blockers[-1], within) from error


def _still_blocked(error: ClientError, within: float) -> AwsprovError:
    return TimedOutError(
        f"Still in use after {within:.0f} s.",
        why=str(error),
        remedy="Run the same command again: it goes on from here.",
        request_id=error.response.get("ResponseMetadata", {}).get("RequestId", ""),
    )
