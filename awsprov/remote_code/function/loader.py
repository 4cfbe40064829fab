"""Part of a function's bundle: Lambda imports it in place of the handler, as `_awsprov/bootstrap.py`.

It unpacks the start pack, reads secrets into environment variables, imports the handler, and then answers the start
check of a new version. For an API that knows errors by their message, it gives each error one. It uses the standard
library and the runtime's boto3 only. Secrets are held in this process and nowhere else.

A REST API passes all bodies on in base64, so that none is changed. Text is decoded here, as HTTP APIs do by themselves.
"""

import base64
import contextlib
import functools
import importlib
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

_TEXT = re.compile(
    r"text/.*|application/([\w.-]+\+)?(json|xml)|application/(javascript|x-www-form-urlencoded|graphql|x-ndjson)"
)

_FIELDS = ("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded")  # of a result for a REST API
_STATUSES = range(200, 600)

# Seconds of an import after which its place is logged: an initialisation may take ten, with the start of the runtime
# (Lambda developer guide, "Lambda execution environment lifecycle").
_SLOW_IMPORT = 8.0
_MARGIN = 0.2  # seconds before the end of a request's time
_NEARLY_UP = "The time is nearly up. The code is here:"

_CHECK, _STARTED = {"awsprov": "start-check"}, {"awsprov": "started"}  # as in resources/function/start_check.py


def _value(reference: str) -> str:
    import boto3  # takes half a second, which functions without secrets save

    scheme, _, name = reference.partition(":")
    if scheme == "ssm":
        response: Any = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(response["Parameter"]["Value"])
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=name)
    if "SecretString" not in secret:
        raise ValueError("it is binary, and no text")
    return str(secret["SecretString"])


def _secret(variable: str, reference: str) -> str:
    """Return the value of a secret. An error says for which variable."""
    try:
        return _value(reference)
    except Exception as error:
        raise RuntimeError(f"{variable} could not be read from {reference}: {error}") from error


def _with_messages(function: "Callable[[Any, Any], Any]", names: "list[str]") -> "Callable[[Any, Any], Any]":
    """Return a handler whose errors all have a message, which begins with the class if that is one of the names.

    API Gateway takes an error without a message for a result (custom integrations, selection patterns).
    """

    @functools.wraps(function)
    def call(event: Any, context: Any) -> Any:
        try:
            return function(event, context)
        except Exception as error:
            text, kind = str(error), type(error)
            name = next((each.__name__ for each in kind.__mro__ if each.__name__ in names), "")
            if text and not name:
                raise
            message = ": ".join(part for part in (name or kind.__name__, text) if part)
            raise type(kind.__name__, (Exception,), {})(message).with_traceback(error.__traceback__) from None

    return call


def _start() -> "Callable[[Any, Any], Any]":
    """Return the handler, after what must be done before its import.

    Raises:
        Exception: as Lambda would report the error for the handler itself.
    """
    module, _, function = os.environ["AWSPROV_HANDLER"].rpartition(".")
    try:
        if os.environ.get("AWSPROV_START_PACK") == "on":  # first: the libraries may contain boto3
            importlib.import_module("_awsprov.unpack").use_start_pack(os.environ["PYTHONPATH"].split(os.pathsep)[0])
        secrets = json.loads(os.environ.get("AWSPROV_SECRETS", "{}"))
        os.environ.update({name: _secret(name, reference) for name, reference in secrets.items()})
        with _place_logged_after(_SLOW_IMPORT):
            found = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise _fault(*_report(error, module), _frames(error)) from error
    if not hasattr(found, function):
        raise _fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'", [])
    return getattr(found, function)  # type: ignore[no-any-return]  # any callable


@contextlib.contextmanager
def _place_logged_after(seconds: float) -> "Iterator[None]":
    """Log where this thread is, unless the block ends within some seconds: Lambda ends it without a traceback."""
    watch = threading.Timer(max(seconds, 0.0), _log_place, [threading.get_ident()])
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _log_place(thread: int) -> None:
    frames = traceback.extract_stack(sys._current_frames().get(thread))
    own = [place for place, frame in enumerate(frames) if frame.filename == __file__]
    inside = [frame for frame in frames[own[-1] + 1 if own else 0 :] if not _is_machinery(frame.filename)]
    lines = "".join(traceback.format_list(inside)).rstrip()
    logging.getLogger().warning("%s\n%s", _NEARLY_UP, lines)  # as awsprov/aws/failed_requests.py searches for it


def _is_machinery(file: str) -> bool:
    return "importlib" in file or file in (__file__, contextlib.__file__)


def _report(error: BaseException, module: str) -> "tuple[str, str]":
    """Return type and message of an error of the import, as Lambda reports them (awslambdaric, `_get_handler`)."""
    if isinstance(error, ImportError):
        return "Runtime.ImportModuleError", f"Unable to import module '{module}': {str(error) or type(error).__name__}"
    if isinstance(error, SyntaxError):
        return "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}"
    if isinstance(error, SystemExit):
        return "SystemExit", f"The import of {module} called sys.exit({error.code!r})."
    if str(error):
        return type(error).__name__, str(error)
    return "RuntimeError", f"The import of {module} failed with {type(error).__name__}."


def _frames(error: BaseException) -> "list[str]":
    """Return the traceback of an error without the frames of the import machinery and of this file."""
    frames = traceback.extract_tb(error.__traceback__)
    found = traceback.format_list([each for each in frames if not _is_machinery(each.filename)])
    if isinstance(error, SyntaxError):
        found.append(f'  File "{error.filename}", line {error.lineno}\n    {(error.text or "").strip()}\n')
    return found


def _fault(kind: str, message: str, frames: "list[str]") -> Exception:
    """Return the exception by which Lambda's runtime reports an error with this type, message and traceback.

    Otherwise the traceback would contain this file, and be left out for an ImportError.
    """
    try:
        runtime = importlib.import_module("awslambdaric.lambda_runtime_exception")
    except ImportError:
        return RuntimeError("\n".join([f"{kind}: {message}", *frames]))
    fault: Exception = runtime.FaultException(kind, message, frames)
    return fault


def _with_start_check(function: "Callable[[Any, Any], Any]") -> "Callable[[Any, Any], Any]":
    """Return a handler that answers awsprov's start check itself, and passes all other invocations on.

    The event is not looked at. The check is known by its client context, which the callers of an API cannot set: Lambda
    reads it from the header X-Amz-Client-Context of Invoke (API reference), and API Gateway sends headers of a request
    in the event only (API Gateway developer guide, "Lambda proxy integrations").
    """

    @functools.wraps(function)
    def call(event: Any, context: Any) -> Any:
        custom = getattr(getattr(context, "client_context", None), "custom", None)
        return _STARTED if custom == _CHECK else function(event, context)

    return call


def _with_text_bodies(function: "Callable[[Any, Any], Any]") -> "Callable[[Any, Any], Any]":
    """Return a handler that gets the text of a body in base64 if the request says that it is text."""

    def call(event: Any, context: Any) -> Any:
        return function(_with_text(event), context)

    return call


def _with_checked_results(function: "Callable[[Any, Any], Any]") -> "Callable[[Any, Any], Any]":
    """Return a handler that logs an error if API Gateway cannot use its result: the caller gets no reason."""
    name, code = os.environ["AWSPROV_HANDLER"], getattr(function, "__code__", None)
    where = f" ({code.co_filename.rpartition('/')[2]}, line {code.co_firstlineno})" if code else ""
    wrapped = _with_text_bodies(function)

    def call(event: Any, context: Any) -> Any:
        left = context.get_remaining_time_in_millis() / 1000 if context else _SLOW_IMPORT
        with _place_logged_after(left - _MARGIN):
            result = wrapped(event, context)
        with contextlib.suppress(Exception):  # whatever a result is, the check must not break the function
            if problem := _problem(event, result):
                logging.getLogger().error("The API cannot use what %s%s returned: %s", name, where, problem)
        return result

    return call


def _problem(event: Any, result: Any) -> str:
    """Return why API Gateway cannot use the result of a request to it; empty if it can.

    A result for an HTTP API is the body itself if it has no status code (API Gateway developer guide, "Create AWS
    Lambda proxy integrations for HTTP APIs"; for REST APIs "Output format of a Lambda function for proxy integration").
    """
    if not (isinstance(event, dict) and "requestContext" in event and ("httpMethod" in event or "rawPath" in event)):
        return ""
    of_rest = "httpMethod" in event
    if not isinstance(result, dict):
        return f"it must be a dictionary, not {type(result).__name__}." if of_rest else ""
    unknown = sorted(str(key) for key in result if key not in _FIELDS) if of_rest else []
    if unknown:
        return f"it has {', '.join(unknown)}, which API Gateway does not know."
    return _problem_of_fields(result) if of_rest or "statusCode" in result else ""


def _problem_of_fields(result: "dict[str, Any]") -> str:
    body, status, headers = result.get("body"), result.get("statusCode") or 200, result.get("headers") or {}
    if body is not None and not isinstance(body, str):
        return f"`body` must be a string, not {type(body).__name__}; json.dumps makes one."
    if not str(status).isdecimal() or int(status) not in _STATUSES:
        return f"`statusCode` must be a number from 200 to 599, not {status!r}."
    if not isinstance(headers, dict) or not all(isinstance(each, (str, int, float)) for each in headers.values()):
        return "`headers` must be a dictionary with strings."
    return ""


def _with_text(event: Any) -> Any:
    """Return an event; a request of a REST API with a text body in base64 gets the text, and other bodies stay."""
    if not (isinstance(event, dict) and "httpMethod" in event and event.get("isBase64Encoded") is True):
        return event
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    media_type, _, parameters = headers.get("content-type", "application/json").lower().partition(";")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
    if not _TEXT.fullmatch(media_type.strip()):
        return event
    try:
        text = base64.b64decode(event.get("body") or "", validate=True).decode(charset)
    except (ValueError, LookupError):  # it is not what its header says
        return event
    return {**event, "body": text, "isBase64Encoded": False}


handler = _with_checked_results(_start())
if "AWSPROV_ERRORS" in os.environ:
    handler = _with_messages(handler, os.environ["AWSPROV_ERRORS"].split())
if os.environ.get("AWSPROV_START_CHECK") == "on":
    handler = _with_start_check(handler)
