"""The check of the import: the libraries are on the file system, and the handler can be imported."""

from awsprov.aws.errors import ClientError, explain
from awsprov.aws.invocation import InvocationResult, invoke
from awsprov.diagnose.context import Context, failure
from awsprov.diagnose.failing import check_part
from awsprov.errors import AwsprovError, CredentialsError, RejectedError
from awsprov.operations.checks import CheckResult
from awsprov.packaging.environment import environment_in
from awsprov.resources.function.alias import LIVE
from awsprov.resources.function.start_check import StartFailure, can_check_start, start

_REMEDY = "Correct the handler, or the smoke request in config.yaml; then `awsprov deploy`."


def libraries(context: Context) -> CheckResult:
    """Check that the function's environment is published and that its handler can be imported.

    The log since the live version went live is searched for errors of the import. If there are none, the version is
    started once more, without a call of the handler; with a smoke request, that is sent instead.
    """
    variables = context.live.get("Environment", {}).get("Variables", {})
    published = context.file_system.environments(context.aws)
    for name, use in (("AWSPROV_FILES", "reads"), ("PYTHONPATH", "imports from")):
        environment = environment_in(variables.get(name, ""))
        if variables.get(name) and environment not in published:
            raise failure(f"{variables[name]}, which version {context.version} {use}, is not on the file system.")
    check_part(context, "import")
    return CheckResult("ok", f"{environment}; {_started(context)}".removeprefix("; "))


def not_live(context: Context) -> AwsprovError:
    """Return the error for a function without a live version: why the version of config.yaml does not go live."""
    what, version = f"No version of {context.function.id} is live.", context.alias.version.id
    if not version:
        return failure(what)
    try:
        if can_check_start(context.aws, context.function, version) and (
            found := start(context.aws, context.function, version, "`awsprov up`", within=0)
        ):
            return _does_not_start(f"{what} Version {version}", found)
        if context.alias.smoke_test:
            context.alias.smoke_test.send(context.aws, context.function, version, "`awsprov up`")
    except ClientError as error:
        return explain(error) or failure(what)
    except RejectedError as error:
        return failure(f"{error.what}\n{error.why}".rstrip(), error.remedy)
    return failure(what)


def _started(context: Context) -> str:
    """Start the live version if it can be checked, and return what was found."""
    if context.alias.smoke_test:
        reply = _invoke(context, context.alias.smoke_test.payload)
        return f"version {reply.version} answered the smoke request"
    if can_check_start(context.aws, context.function, context.version) and _starts(context):
        return f"version {context.version} starts"
    return f"no import error of version {context.version} in its log since it went live"


def _starts(context: Context) -> bool:
    """Start the live version; return whether that was allowed.

    Raises:
        AwsprovError: it does not start.
    """
    try:
        found = start(context.aws, context.function, context.version, "`awsprov deploy`", within=0)
    except ClientError as error:
        explained = explain(error)
        if isinstance(explained, CredentialsError):
            return False
        raise explained or error from error
    if found:
        raise _does_not_start(f"Version {context.version}", found)
    return True


def _does_not_start(version: str, found: StartFailure) -> AwsprovError:
    return failure(f"{version} does not start: {found.error}\n{found.details}".rstrip(), found.remedy)


def _invoke(context: Context, payload: bytes) -> InvocationResult:
    try:
        reply = invoke(context.aws, context.function.id, LIVE, payload)
    except ClientError as error:
        raise explain(error) or error from error
    if reply.error:
        raise failure(f"The smoke request failed: {reply.failure}\n{reply.log}".rstrip(), _REMEDY)
    return reply
