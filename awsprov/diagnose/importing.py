"""The last check: the libraries are on the file system, and the handler can be imported."""

from datetime import datetime
from typing import Any

from awsprov.aws.errors import ClientError, explain
from awsprov.aws.invocation import InvocationResult, invoke
from awsprov.aws.log_query import Query, log_events, milliseconds_ago
from awsprov.diagnose.context import Context, failure
from awsprov.operations.checks import CheckResult
from awsprov.resources.function.versions import LIVE

# The errors of a handler that the Python runtime could not import (awslambdaric, `bootstrap.py`).
_IMPORT_ERRORS = (
    "Runtime.ImportModuleError", "Runtime.UserCodeSyntaxError", "Runtime.HandlerNotFound",
    "Runtime.MalformedHandlerName",
)  # fmt: skip
_REMEDY = "Add the missing package to requirements.txt, or correct the handler; then `awsprov deploy`."
_LOG_SECONDS = 24 * 3600  # how far back the log is searched


def libraries(context: Context) -> CheckResult:
    """Check that the function's environment is published and that its handler can be imported.

    With a smoke request the function is invoked; otherwise its log of the last day is searched for import errors.
    """
    path = context.live.get("Environment", {}).get("Variables", {}).get("PYTHONPATH", "")
    environment = path.rpartition("/")[2]
    if environment and environment not in context.file_system.environments(context.aws):
        raise failure(f"{path}, which version {context.version} imports from, is not on the file system.")
    if context.alias.smoke_test:
        reply = _invoke(context, context.alias.smoke_test.payload)
        return CheckResult("ok", f"{environment}; version {reply.version} answered the smoke request")
    _search_log(context)
    return CheckResult("ok", f"{environment}; no import error of version {context.version} in the log of the last day")


def _invoke(context: Context, payload: bytes) -> InvocationResult:
    try:
        reply = invoke(context.aws, context.function.id, LIVE, payload)
    except ClientError as error:
        raise explain(error) or error from error
    if reply.error:
        raise failure(f"The smoke request failed: {reply.failure}\n{reply.log}".rstrip(), _REMEDY)
    return reply


def _search_log(context: Context) -> None:
    """Search the log instead of invoking the function: awsprov cannot know what a request would do."""
    published = datetime.fromisoformat(context.live["LastModified"]).timestamp() * 1000
    group = context.live.get("LoggingConfig", {}).get("LogGroup") or context.function.log_group.id
    query = Query(max(int(published), milliseconds_ago(_LOG_SECONDS)), "Runtime.")
    found = [event for event in log_events(context.aws, group, query) if _is_import_error(event, context.version)]
    if found:
        raise failure(f"The handler could not be imported: {found[-1]['message'].strip()}", _REMEDY)


def _is_import_error(event: Any, version: str) -> bool:
    return f"[{version}]" in event["logStreamName"] and any(each in event["message"] for each in _IMPORT_ERRORS)
