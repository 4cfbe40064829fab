"""The start check: a version must import its handler, with its variables and secrets, before it goes live."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.invocation import InvocationResult, invoke_new_version, parse_json
from awsprov.errors import RejectedError
from awsprov.resources.function.function import Function

_CHECK, _STARTED = {"awsprov": "start-check"}, {"awsprov": "started"}  # as in remote_code/function/loader.py
_VARIABLE = "AWSPROV_START_CHECK"  # of the versions whose loader answers
_RUNTIME = re.compile(r"(?:Unable to import|Syntax error in) module '_awsprov_loader': ")  # awslambdaric's words
_NAMES = {"Runtime.ImportModuleError": "ImportError", "Runtime.UserCodeSyntaxError": "SyntaxError"}
_MACHINERY = re.compile(r'File "[^"]*(?:importlib|_awsprov_loader|awslambdaric)')
_OS = re.compile(r'File "[^"]*(?:<frozen os>|/os\.py)"')
_PREFIX = re.compile(r"^RequestId: \S+ Error: ")
# The last matching row is about anything. Each has what the error's first line looks like, and the remedy.
_REMEDIES = (
    (r"\w+: No module named '([^'.]+)", "Add the package that contains {0} to {requirements}"),
    (r"ImportError: (\S+): cannot open shared object file",
     "Lambda has no {0}: use a release of the package whose wheel contains it"),
    (r"RuntimeError: (\w+) could not be read from (\S+):",
     "Check that {1} exists and that the function may read it, or correct functions.{name}.secrets"),
    (r".*(?:[Tt]ask timed out|Sandbox\.Timedout)",
     "Let it import less, or raise functions.{name}.memory and functions.{name}.timeout"),
    (r".*Runtime exited.*signal: killed", "Raise functions.{name}.memory"),
    (r"", "Correct the code"),
)  # fmt: skip


def check_start(aws: Aws, function: Function, version: str, then: str) -> None:
    """Start a version, and return when its handler's module was imported. The handler is not called.

    Arguments:
        aws: the clients.
        function: its function.
        version: its number.
        then: the command that goes on after a correction, in backticks.

    Raises:
        RejectedError: the import failed or took too long; carries the traceback.
    """
    reply = invoke_new_version(aws, function.id, version, b"{}", context=_CHECK)
    if reply.error or parse_json(reply.payload) != _STARTED:
        raise _rejected(reply, function, version, then)


def can_check_start(aws: Aws, function: Function, version: str) -> bool:
    """Return whether a version has the loader that answers the check: another one would take it for a request."""
    get = partial(aws.lambda_.get_function_configuration, FunctionName=function.id, Qualifier=version)
    return _VARIABLE in get().get("Environment", {}).get("Variables", {})


def _rejected(reply: InvocationResult, function: Function, version: str, then: str) -> RejectedError:
    error, frames = _error(reply)
    shown = [frame for frame in frames if not _MACHINERY.search(frame)]
    return RejectedError(
        f"Version {version} of {function.id} did not go live, as it does not start: {error}",
        why="\n".join(shown) or (f"Its last log lines:\n{reply.log}" if reply.log else ""),
        remedy=f"{_correction(error, frames, function)}; then {then}.",
    )


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


def _correction(error: str, frames: list[str], function: Function) -> str:
    """Return what to correct, with the name of the package or variable."""
    missing = re.fullmatch(r"KeyError: '(\w+)'", error)
    if missing and any(_OS.search(frame) for frame in frames):
        return f"Set {missing[1]} in functions.{function.name}.variables or .secrets of config.yaml"
    requirements = function.libraries.lock.requirements.name
    found, remedy = next((match, text) for pattern, text in _REMEDIES if (match := re.match(pattern, error)))
    return remedy.format(*found.groups(), name=function.name, requirements=requirements)
