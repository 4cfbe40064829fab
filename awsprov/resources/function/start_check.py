"""The start check: a version must import its handler, with its variables and secrets, before it goes live."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.invocation import MOUNTED_WITHIN, InvocationResult, invoke_new_version, parse_json
from awsprov.errors import RejectedError
from awsprov.resources.function.corrections import correction, with_own_paths
from awsprov.resources.function.function import Function

_CHECK, _STARTED = {"awsprov": "start-check"}, {"awsprov": "started"}  # as in remote_code/function/loader.py
_VARIABLE = "AWSPROV_START_CHECK"  # of the versions whose loader answers
_RUNTIME = re.compile(r"(?:Unable to import|Syntax error in) module '[^']*': ")  # awslambdaric's words
_NAMES = {"Runtime.ImportModuleError": "ImportError", "Runtime.UserCodeSyntaxError": "SyntaxError"}
_MACHINERY = re.compile(r'File "[^"]*(?:importlib|_awsprov|awslambdaric)')
_OS = re.compile(r'File "[^"]*(?:<frozen os>|/os\.py)"')
_PREFIX = re.compile(r"^RequestId: \S+ Error: ")


@dataclass(frozen=True)
class StartFailure:
    """Why a version does not start.

    Arguments:
        error: the error in one line.
        details: the traceback of the code, or the last log lines.
        remedy: what to do.
    """

    error: str
    details: str
    remedy: str


def check_start(aws: Aws, function: Function, version: str, then: str) -> None:
    """Start a version, and return when its handler's module was imported. The handler is not called.

    Arguments:
        aws: the clients.
        function: its function.
        version: its number.
        then: the command to run after a correction, in backticks.

    Raises:
        RejectedError: the import failed or took too long; carries the traceback.
    """
    if failure := start(aws, function, version, then):
        raise RejectedError(
            f"Version {version} of {function.id} did not go live, as it does not start: {failure.error}",
            why=failure.details,
            remedy=failure.remedy,
        )


def start(aws: Aws, function: Function, version: str, then: str, within: float = MOUNTED_WITHIN) -> StartFailure | None:
    """Start a version without a call of its handler. Return why it does not start; None if it does.

    Arguments:
        aws: the clients.
        function: its function.
        version: its number.
        then: the command to run after a correction, in backticks.
        within: seconds in which Lambda must run it.

    Raises:
        ClientError: Lambda refused to run it.
    """
    reply = invoke_new_version(aws, function.id, version, b"{}", context=_CHECK, within=within)
    if not reply.error and parse_json(reply.payload) == _STARTED:
        return None
    error, frames = _error(reply)
    shown = [with_own_paths(function, frame) for frame in frames if not _MACHINERY.search(frame)]
    details = "\n".join(shown) or (f"Its last log lines:\n{reply.log}" if reply.log else "")
    return StartFailure(error, details, _correction(function, error, frames, then))


def can_check_start(aws: Aws, function: Function, version: str) -> bool:
    """Return whether a version has the loader that answers the check: another one would take it for a request."""
    get = partial(aws.lambda_.get_function_configuration, FunctionName=function.id, Qualifier=version)
    return _VARIABLE in get().get("Environment", {}).get("Variables", {})


def _error(reply: InvocationResult) -> tuple[str, list[str]]:
    """Return the error in one line, and the frames of its traceback."""
    details: Any = parse_json(reply.payload)
    if not isinstance(details, dict) or not reply.error:
        return "it did not answer the start check", []
    kind, text = str(details.get("errorType", "")), str(details.get("errorMessage", ""))
    message, *traceback = _RUNTIME.sub("", _PREFIX.sub("", text)).splitlines() or [""]
    frames = [*_frames(traceback), *(str(frame).rstrip() for frame in details.get("stackTrace") or ())]
    return ": ".join(part for part in (_NAMES.get(kind, kind), message) if part), frames


def _frames(lines: list[str]) -> Iterator[str]:
    """Yield the frames of a traceback, each with its lines of code."""
    frame: list[str] = []
    for line in lines:
        if line.startswith("  File ") and frame:
            yield "\n".join(frame)
            frame = []
        frame.append(line)
    if frame:
        yield "\n".join(frame)


def _correction(function: Function, error: str, frames: list[str], then: str) -> str:
    from_environ = any(_OS.search(frame) for frame in frames)
    return correction(function, error, then, importing=True, from_environ=from_environ)
