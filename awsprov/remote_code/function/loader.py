"""Part of a function's bundle: Lambda imports it in place of the handler.

It unpacks the start pack, reads secrets into environment variables, imports the handler, and then answers the start
check of a new version. For an API that knows errors by their message, it gives each error one. It uses the standard
library and the runtime's boto3 only. Secrets are held in this process and nowhere else.

A REST API passes all bodies on in base64, so that none is changed. Text is decoded here, as HTTP APIs do by themselves.
"""

import base64
import functools
import importlib
import json
import os
import re
import traceback
from collections.abc import Callable
from typing import Any

_TEXT = re.compile(
    r"text/.*|application/([\w.-]+\+)?(json|xml)|application/(javascript|x-www-form-urlencoded|graphql|x-ndjson)"
)

_CHECK, _STARTED = {"awsprov": "start-check"}, {"awsprov": "started"}  # as in resources/function/start_check.py


def _value(reference: str) -> str:
    import boto3  # noqa: PLC0415 - takes half a second, which functions without secrets save

    scheme, _, name = reference.partition(":")
    if scheme == "ssm":
        response: Any = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(response["Parameter"]["Value"])
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


def _secret(variable: str, reference: str) -> str:
    """Return the value of a secret. An error says for which variable."""
    try:
        return _value(reference)
    except Exception as error:
        raise RuntimeError(f"{variable} could not be read from {reference}: {error}") from error


if os.environ.get("AWSPROV_START_PACK") == "on":  # first: the libraries may contain boto3
    importlib.import_module("_awsprov_unpack").use_start_pack(os.environ["PYTHONPATH"].split(os.pathsep)[0])
_secrets = json.loads(os.environ.get("AWSPROV_SECRETS", "{}"))
os.environ.update({name: _secret(name, reference) for name, reference in _secrets.items()})


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


def _imported(module: str) -> Any:
    """Return the handler's module. An error of its import has a message, which is no exception's name alone.

    Lambda drops the traceback of an ImportError (awslambdaric, `_get_handler`), so it becomes part of the message.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        error.msg = f"{error or type(error).__name__}{_frames(error)}"
        raise
    except Exception as error:
        if str(error):
            raise
        message = f"The import of {module} failed with {type(error).__name__}."
        raise RuntimeError(message).with_traceback(error.__traceback__) from error


def _frames(error: Exception) -> str:
    """Return the traceback of an error without the frames of the import machinery."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "importlib" not in each.filename]
    return "".join(f"\n{line.rstrip()}" for line in traceback.format_list(frames[1:]))  # the first is this module's


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


_module, _, _function = os.environ["AWSPROV_HANDLER"].rpartition(".")
handler = _with_text_bodies(getattr(_imported(_module), _function))
if "AWSPROV_ERRORS" in os.environ:
    handler = _with_messages(handler, os.environ["AWSPROV_ERRORS"].split())
if os.environ.get("AWSPROV_START_CHECK") == "on":
    handler = _with_start_check(handler)
