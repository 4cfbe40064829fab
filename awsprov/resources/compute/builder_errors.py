"""The errors of the builder: there is none, EC2 ended it, or no SSH session could be opened."""

from collections.abc import Iterable
from typing import Any

from awsprov.errors import AwsprovError, NoStackError


def no_builder() -> NoStackError:
    """Return the error for work that needs a builder while there is none."""
    return NoStackError(
        "There is no builder.",
        why="With `builder.when_idle: terminate` it exists only until the libraries are published.",
        remedy="`awsprov up` creates one for new libraries. `builder.when_idle: stop` keeps it.",
    )


def launch_failed(instance: dict[str, Any], name: str = "the builder") -> AwsprovError:
    """Return the error for an instance that EC2 ended at its launch, with EC2's reason.

    Source: EC2 API reference, StateReason; for example Client.VolumeLimitExceeded, or Client.InternalError for a key of
    EBS encryption that the caller may not use.
    """
    reason = instance.get("StateReason", {})
    return AwsprovError(
        f"EC2 ended {name} at its launch.",
        why=reason.get("Message") or reason.get("Code") or "EC2 gives no reason.",
        remedy="Correct that, or choose another `builder.instance_type`, then run `awsprov up` again.",
        aws_code=reason.get("Code", ""),
        reference="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html",
    )


def no_session(facts: Iterable[str]) -> AwsprovError:
    """Return the error for a session that cannot be opened, with what was checked."""
    return AwsprovError(
        "Could not open an SSH session with the builder.",
        why="; ".join(facts) + ".",
        remedy="If this machine's address has changed, `awsprov up` opens the port to the new one.",
    )
