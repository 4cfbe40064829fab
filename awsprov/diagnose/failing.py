"""The failed requests of the live version: which part of a request failed, where in the code, and what to do."""

import ast
import re
from dataclasses import dataclass
from typing import Literal

from awsprov.aws.failed_requests import UNUSABLE, FailedRequest
from awsprov.diagnose.context import Context, failure
from awsprov.errors import AwsprovError
from awsprov.resources.function.corrections import correction, own_file
from awsprov.resources.function.function import Function

RequestPart = Literal["import", "handler", "response"]
# The errors of a handler that the Python runtime could not import (awslambdaric, `bootstrap.py`).
_IMPORT = re.compile(
    r"Runtime\.(?:ImportModuleError|UserCodeSyntaxError|HandlerNotFound|MalformedHandlerName|BuiltInModuleConflict)"
    r"|could not be read from (?:ssm|secretsmanager):|The import of \S+ (?:failed|called)"
)
_RESPONSE = re.compile(rf"Runtime\.MarshalError|{UNUSABLE}|ResponseSizeTooLarge")
_FAILED_INIT = re.compile(r"INIT_REPORT .*Status: (?:timeout|error)")
_PLATFORM = re.compile(r"Task timed out|Runtime exited|Runtime\.(?:ExitError|OutOfMemory)")
_LOADERS_PLACE = re.compile(r"(?<=\w) \([^()]+, line \d+\)(?= returned)")  # without the directory, so not repeated
_OS = re.compile(r"<frozen os>|/os\.py$")


def check_part(context: Context, part: RequestPart) -> None:
    """Raise the error of the live version's latest failed request if this part of it failed."""
    if context.failures:
        found = LastFailure(context.function, context.failures[-1])
        if found.part == part:
            raise found.error(context)


@dataclass(frozen=True)
class LastFailure:
    """The latest failed request of a function's live version.

    Arguments:
        function: the function.
        last: the request.
    """

    function: Function
    last: FailedRequest

    @property
    def part(self) -> RequestPart:
        """The part of the request that failed."""
        if _RESPONSE.search(self.last.error):
            return "response"
        frames = self.last.frames
        if frames and not self.last.is_logged_only:
            return "import" if frames[0].name == "<module>" or _IMPORT.search(self.last.error) else "handler"
        ended = _PLATFORM.search(self.last.error) and _FAILED_INIT.search(self.last.text)
        return "import" if ended or _IMPORT.search(self.last.error) else "handler"

    def error(self, context: Context) -> AwsprovError:
        """Return the error of the check, with the place in the code and the log to read."""
        count, version = len(context.failures), context.version
        requests = f"{count} request{'s' if count > 1 else ''}"
        what = "logged errors" if all(each.is_logged_only for each in context.failures) else "failed"
        when = f"{self.last.at.astimezone():%Y-%m-%d %H:%M:%S}"
        place = f" ({self.place})" if self.place else ""
        error = _LOADERS_PLACE.sub("", self.last.error).rstrip(".")
        return failure(
            f"{error}{place}. {requests} {what} since version {version} went live, the last at {when}.",
            f"{self.remedy} {log_hint(self.function, self.last)}",
        )

    @property
    def remedy(self) -> str:
        """What to do."""
        from_environ = any(_OS.search(frame.file) for frame in self.last.frames)
        importing = self.part == "import"
        return correction(
            self.function, self.last.error, "`awsprov deploy`", importing=importing, from_environ=from_environ
        )

    @property
    def place(self) -> str:
        """The line of the user's own code: the innermost one of the traceback, or that of the handler."""
        bundle = self.function.bundle
        for frame in reversed(self.last.frames):
            if own := own_file(bundle, frame.file):
                inside = f", in {frame.name}" if frame.name.isidentifier() else ""
                return f"{bundle.source.name}/{own}, line {frame.line}{inside}"
        return "" if self.part == "import" else handler_place(self.function)


def log_hint(function: Function, request: FailedRequest) -> str:
    """Return the sentence with the command that shows the log of a request."""
    which = f"--request-id {request.request_id}" if request.request_id else "--errors --since 1d"
    return f"`awsprov logs {function.name} {which}` shows its log."


def handler_place(function: Function) -> str:
    """Return where the handler is defined, as in `src/app.py, line 7, in handler`; empty if that is unknown."""
    module, _, name = function.handler.rpartition(".")
    file = f"{module.replace('.', '/')}.py"
    try:
        tree = ast.parse((function.bundle.source / file).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return ""
    lines = [each.lineno for each in ast.walk(tree) if getattr(each, "name", "") == name and hasattr(each, "lineno")]
    return f"{function.bundle.source.name}/{file}, line {lines[0]}, in {name}" if lines else ""
