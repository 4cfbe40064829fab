"""Reserved concurrency: whether the account's quota leaves enough of it for a function."""

from awsprov.aws.client import Aws

_UNRESERVED = 100  # concurrent executions that Lambda keeps for functions without a reservation (Lambda quotas)


def quota_note(aws: Aws, wanted: int) -> str:
    """Return why so much concurrency cannot be reserved; empty if it can. The text is the same for all functions."""
    limits = aws.cached("AccountSettings", aws.lambda_.get_account_settings)["AccountLimit"]
    if wanted <= int(limits.get("UnreservedConcurrentExecutions", 0)) - _UNRESERVED:
        return ""
    return (
        f"The account's quota does not leave enough to reserve `concurrency: {wanted}` for every function. Only the "
        "quota limits those that have none."
    )
