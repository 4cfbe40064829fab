"""The concurrency of an account: how many functions may run at the same time."""

import json
import os
from typing import Any

from moto.awslambda.models import lambda_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ApiResponse

ACCOUNT_CONCURRENCY = 1000  # the default quota; new accounts may have 10

# moto enforces the quota only if this is set. 100 stay unreserved, as on AWS.
os.environ.setdefault("MOTO_LAMBDA_CONCURRENCY_QUOTA", str(ACCOUNT_CONCURRENCY))


def account_settings(call: ApiCall) -> ApiResponse | None:
    """Answer `GetAccountSettings`, which moto does not implement; return None for other operations."""
    if call.name != "lambda:GetAccountSettings":
        return None
    functions: list[Any] = list(lambda_backends[ACCOUNT][call.region].list_functions())
    unreserved = ACCOUNT_CONCURRENCY - sum(int(each.reserved_concurrency or 0) for each in functions)
    limit = {"ConcurrentExecutions": ACCOUNT_CONCURRENCY, "UnreservedConcurrentExecutions": unreserved}
    document = {"AccountLimit": limit, "AccountUsage": {"FunctionCount": len(functions)}}
    return "200 OK", [("Content-Type", "application/json")], json.dumps(document).encode()
