"""Whether Lambda has finished creating or updating a function."""

from typing import Any

from awsprov.errors import AwsprovError


def is_active(configuration: Any) -> bool:
    """Return whether a function exists and no update of it is in progress.

    Raises:
        AwsprovError: its creation or update failed; carries Lambda's reason.
    """
    for state, reason in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if configuration.get(state) == "Failed":
            why = f"{configuration.get(reason + 'Code', '')}: {configuration.get(reason, '')}"
            raise AwsprovError(
                "Lambda could not create or update the function.",
                why=why,
                remedy="Correct the cause, then run `awsprov up` again.",
            )
    # Lambda makes a function inactive that was not called for weeks, and active again at the next call.
    active = configuration.get("State", "Active") in ("Active", "Inactive")
    return active and configuration.get("LastUpdateStatus", "Successful") == "Successful"
