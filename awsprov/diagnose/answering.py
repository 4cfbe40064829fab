"""The last checks: the handler answers requests, and the API can use its answers."""

from awsprov.diagnose.context import Context, failure
from awsprov.diagnose.failing import check_part, handler_place
from awsprov.operations.api_log import ApiFailure, api_failures
from awsprov.operations.checks import CheckResult

_TIMED_OUT = 504  # the status with which API Gateway answers when a function takes longer than it waits


def handler(context: Context) -> CheckResult:
    """Check that no request to the live version has failed in its handler since it went live."""
    check_part(context, "handler")
    return CheckResult("ok", f"no request of version {context.version} failed in it since it went live")


def response(context: Context) -> CheckResult:
    """Check that the API could use the handler's results: by the function's log, then by the API's own log."""
    check_part(context, "response")
    found = api_failures(context.stack, context.aws, context.searched)
    if failures := [each for each in found if each.function == context.name]:
        raise _error(context, failures)
    return CheckResult("ok", "the API answered no request with a server error")


def _error(context: Context, failures: list[ApiFailure]) -> Exception:
    last, count = failures[-1], len(failures)
    requests = f"{count} request{'s' if count > 1 else ''}"
    reason = f": {last.reason}" if last.reason else ""
    evidence = (
        f"The API answered {last.request} with {last.status}{reason}. {requests} since version {context.version} went "
        f"live, the last at {last.at.astimezone():%Y-%m-%d %H:%M:%S}; none of them failed in the function."
    )
    return failure(evidence, f"{_remedy(context, last)} `awsprov logs --api --errors --since 1d` shows the API's log.")


def _remedy(context: Context, last: ApiFailure) -> str:
    if last.status == _TIMED_OUT or "timed out" in last.reason.lower():
        return "Answer faster, or let a REST API wait longer with api.timeout; then `awsprov up`."
    place = handler_place(context.function)
    where = f" ({place})" if place else ""
    return (
        f"Let {context.function.handler}{where} return what API Gateway takes: "
        '{"statusCode": 200, "body": json.dumps(result)}, with a string as body; then `awsprov deploy`.'
    )
