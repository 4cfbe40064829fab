"""The last link: the libraries are on the file system, and the handler's module can be imported."""

from datetime import datetime
from typing import Any

from awsprov.aws.errors import ClientError, explain
from awsprov.aws.invocation import Reply, invoke
from awsprov.aws.log_query import Query, ago, events
from awsprov.diagnose.context import BrokenLinkError, Case
from awsprov.resources.function.versions import LIVE

# What the Python runtime calls a handler that it could not load (awslambdaric, `bootstrap.py`).
_NOT_LOADED = (
    "Runtime.ImportModuleError", "Runtime.UserCodeSyntaxError", "Runtime.HandlerNotFound",
    "Runtime.MalformedHandlerName",
)  # fmt: skip
_MEND = "Add what is missing to requirements.txt, or mend the handler; then `awsprov deploy`."
_BACK = 24 * 3600  # seconds that are looked through for failures


def libraries(case: Case) -> str:
    """What the function imports from is published, and it could be loaded when it last ran, or just now."""
    path = case.live.get("Environment", {}).get("Variables", {}).get("PYTHONPATH", "")
    environment = path.rpartition("/")[2]
    if environment and environment not in case.file_system.environments(case.aws):
        raise BrokenLinkError(f"{path}, which version {case.version} imports from, was never published.")
    if case.alias.smoke:
        reply = _ask(case, case.alias.smoke.payload)
        return f"{environment}; version {reply.version} has just answered the smoke request"
    _look_back(case)
    return f"{environment}; no failure to load version {case.version} is in its log of the last day"


def _ask(case: Case, payload: bytes) -> Reply:
    try:
        reply = invoke(case.aws, case.function.id, LIVE, payload)
    except ClientError as error:
        told = explain(error)
        assert told  # noqa: S101 - it is botocore's
        raise BrokenLinkError(f"{told.what} {told.why}", told.remedy) from error
    if reply.error:
        raise BrokenLinkError(f"The smoke request failed with {reply.failure}\n{reply.log}".rstrip(), _MEND)
    return reply


def _look_back(case: Case) -> None:
    """Without a smoke request nothing is sent: what a request costs, and does, is the user's to know."""
    published = datetime.fromisoformat(case.live["LastModified"]).timestamp() * 1000
    group = case.live.get("LoggingConfig", {}).get("LogGroup") or case.function.log_group.id
    query = Query(max(int(published), ago(_BACK)), "Runtime.")
    found = [event for event in events(case.aws, group, query) if _tells(event, case.version)]
    if found:
        raise BrokenLinkError(f"It could not be loaded: {found[-1]['message'].strip()}", _MEND)


def _tells(event: Any, version: str) -> bool:
    return f"[{version}]" in event["logStreamName"] and any(each in event["message"] for each in _NOT_LOADED)
