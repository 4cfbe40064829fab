"""From a request to the function: the API, the permission to call, the function's own state."""

from awsprov.diagnose.context import BrokenLinkError, Case
from awsprov.resources.api.access import Permission
from awsprov.resources.api.http_api import HttpApi, HttpIntegration, HttpRoute
from awsprov.resources.api.http_stage import HttpStage
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.api.rest_methods import RestRoute
from awsprov.resources.api.rest_stage import RestStage

_NO_ROUTES = "no routes: it is called through Lambda alone"


def api(case: Case) -> str:
    """The API has the function's routes, they lead to its `live` alias, and a stage serves them."""
    rest = [route for route in case.stack.of(RestRoute) if route.alias is case.alias]
    http = [route for route in case.stack.of(HttpRoute) if route.integration.alias is case.alias]
    if not (rest or http):
        return _NO_ROUTES
    case.must_stand([*case.stack.of(RestApi), *case.stack.of(HttpApi)])
    case.must_stand(rest, "calls")
    case.must_stand([call for call in case.stack.of(HttpIntegration) if call.alias is case.alias])
    case.must_stand(http, "settings")
    case.must_stand(case.stack.of(RestStage), "snapshot")
    case.must_stand(case.stack.of(HttpStage))
    names = ", ".join(route.name for route in (*rest, *http))
    stage = next(iter([*case.stack.of(RestStage), *case.stack.of(HttpStage)]))
    return f"{names} at {stage.id}: to {case.alias.id}"


def permission(case: Case) -> str:
    """The function lets each of its routes call it."""
    ours = [permission for permission in case.stack.of(Permission) if permission.alias is case.alias]
    if not ours:
        return _NO_ROUTES
    for each in ours:
        if not each.id:
            raise BrokenLinkError(
                f"Nothing lets {each.method} {each.path} call {case.alias.id}: its policy has no statement for it. "
                "API Gateway answers 500."
            )
    case.must_stand(ours, "source")
    return f"{case.alias.id} lets {', '.join(f'{each.method} {each.path}' for each in ours)} call it"


def function(case: Case) -> str:
    """The function is there, with a role, and its live version takes requests."""
    case.must_stand([case.function, case.function.role])
    version, state = case.version, case.live.get("State", "Active")
    for found, reason in ((state, "StateReason"), (case.live.get("LastUpdateStatus", ""), "LastUpdateStatusReason")):
        if found in ("Failed", "Pending", "InProgress"):
            told = f"{case.live.get(f'{reason}Code', '')} {case.live.get(reason, '')}".strip()
            wait = "Wait a few minutes and look again." if found != "Failed" else "Mend that, then `awsprov up`."
            raise BrokenLinkError(f"Version {version} is {found}: {told or 'no reason is given'}.", wait)
    limit = case.aws.lambda_.get_function_concurrency(FunctionName=case.function.id)
    if limit.get("ReservedConcurrentExecutions") == 0:
        remedy = f"`aws lambda delete-function-concurrency --function-name {case.function.id}`"
        raise BrokenLinkError("Its reserved concurrency is 0: Lambda refuses every call.", remedy)
    return f"version {version} is {state.lower()}"
