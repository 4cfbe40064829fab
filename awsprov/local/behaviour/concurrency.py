"""The concurrency of an account: how many functions may run at the same time."""

from typing import Any

from moto.awslambda.models import lambda_backends

from awsprov.local.cloud import ACCOUNT, ACCOUNT_CONCURRENCY
from awsprov.local.wire import ApiCall, ApiResponse, json_response


def account_settings(call: ApiCall) -> ApiResponse | None:
    """Answer `GetAccountSettings`, which moto does not implement; return None for other operations."""
    if call.name != "lambda:GetAccountSettings":
        return None
    functions: list[Any] = list(lambda_backends[ACCOUNT][call.region].list_functions())
    unreserved = ACCOUNT_CONCURRENCY - sum(int(each.reserved_concurrency or 0) for each in functions)
    limit = {"ConcurrentExecutions": ACCOUNT_CONCURRENCY, "UnreservedConcurrentExecutions": unreserved}
    document = {"AccountLimit": limit, "AccountUsage": {"FunctionCount": len(functions)}}
    return json_response(document)
