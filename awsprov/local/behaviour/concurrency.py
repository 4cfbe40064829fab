"""How many functions may run at once: what the account has, and what functions have reserved of it."""

import json
import os
from typing import Any

from moto.awslambda.models import lambda_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ApiResponse

ACCOUNT_HAS = 1000  # a usual account; a new one may have ten

# moto holds reservations to a quota when it is told one: a hundred stay free for functions that reserve none.
os.environ.setdefault("MOTO_LAMBDA_CONCURRENCY_QUOTA", str(ACCOUNT_HAS))


def settings(call: ApiCall) -> ApiResponse | None:
    """The answer to GetAccountSettings, which moto lacks."""
    if call.name != "lambda:GetAccountSettings":
        return None
    functions: list[Any] = list(lambda_backends[ACCOUNT][call.region].list_functions())
    reserved = sum(int(each.reserved_concurrency or 0) for each in functions)
    limit = {"ConcurrentExecutions": ACCOUNT_HAS, "UnreservedConcurrentExecutions": ACCOUNT_HAS - reserved}
    usage = {"FunctionCount": len(functions)}
    document = json.dumps({"AccountLimit": limit, "AccountUsage": usage}).encode()
    return "200 OK", [("Content-Type", "application/json")], document
