"""Checks from a request to the function: the API, the permission to invoke, the function's state."""

from awsprov.diagnose.context import Context, failure
from awsprov.diagnose.importing import not_live
from awsprov.operations.checks import CheckResult
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.http_parts import HttpIntegration, HttpRoute
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.permission import Permission
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.api.rest_methods import RestRoute
from awsprov.resources.api.rest_stage import RestStage

_NO_ROUTES = CheckResult("ok", "no routes: the function is only invoked through Lambda")


def api(context: Context) -> CheckResult:
    """Check that the API has the function's routes, that they invoke its `live` alias, and that a stage serves them."""
    rest = [route for route in context.stack.of(RestRoute) if route.alias is context.alias]
    http = [route for route in context.stack.of(HttpRoute) if route.integration.alias is context.alias]
    if context.function.id and not context.alias.id:
        raise not_live(context)
    if not (rest or http):
        return _NO_ROUTES
    context.require([*context.stack.of(RestApi), *context.stack.of(HttpApi)])
    context.require(rest, "calls", "integration", "responses")
    context.require([call for call in context.stack.of(HttpIntegration) if call.alias is context.alias])
    context.require(http, "settings")
    context.require(context.stack.of(RestStage), "snapshot")
    context.require(context.stack.of(HttpStage))
    names = ", ".join(route.name for route in (*rest, *http))
    stage = next(iter([*context.stack.of(RestStage), *context.stack.of(HttpStage)]))
    return CheckResult("ok", f"{names} at {stage.id}: to {context.alias.id}")


def permission(context: Context) -> CheckResult:
    """Check that the function's policy lets each of its routes invoke it."""
    ours = [permission for permission in context.stack.of(Permission) if permission.alias is context.alias]
    if not ours:
        return _NO_ROUTES
    for each in ours:
        if not each.id:
            raise failure(
                f"{each.route or 'The API'} may not invoke {context.alias.id}: its policy has no statement for it. "
                "API Gateway responds with 500."
            )
    context.require(ours, "statement")
    routes = ", ".join(each.route or "every route of the API" for each in ours)
    return CheckResult("ok", f"{routes} may invoke {context.alias.id}")


def function(context: Context) -> CheckResult:
    """Check that the function and its role exist, and that its live version takes requests."""
    context.require([context.function, context.function.role])
    version, state = context.version, context.live.get("State", "Active")
    for found, reason in ((state, "StateReason"), (context.live.get("LastUpdateStatus", ""), "LastUpdateStatusReason")):
        if found in ("Failed", "Pending", "InProgress"):
            why = f"{context.live.get(f'{reason}Code', '')} {context.live.get(reason, '')}".strip()
            remedy = "Wait a few minutes, then try again." if found != "Failed" else "Correct that, then `awsprov up`."
            raise failure(f"Version {version} is {found}: {why or 'Lambda gives no reason'}.", remedy)
    limit = context.aws.lambda_.get_function_concurrency(FunctionName=context.function.id)
    if limit.get("ReservedConcurrentExecutions") == 0:
        command = f"lambda delete-function-concurrency --function-name {context.function.id}"
        remedy = f"`{context.aws.command_hint(command)}` removes the limit."
        raise failure("Its reserved concurrency is 0: Lambda throttles every request.", remedy)
    return CheckResult("ok", f"version {version} is {state.lower()}")
