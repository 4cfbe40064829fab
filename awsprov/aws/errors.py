"""AWS's errors: their codes, what they mean in plain words, and the reason of a denial that EC2 encodes."""

import json
import re
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypedDict

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoRegionError,
)

from awsprov.aws.credential_errors import comes_from_credentials, explain_credentials
from awsprov.aws.error_catalog import translate
from awsprov.errors import AwsprovError, UsageError

__all__ = ["ClientError", "decode_denial", "error_code", "explain", "refusal"]

_ON_THIS_MACHINE = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])[:\d]*")
_ENCODED = re.compile(r"Encoded authorization failure message: (\S+)")


def error_code(error: BaseException) -> str:
    """Return AWS's code of an error; empty when it is not a response of AWS."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


class Refusal(TypedDict):
    """The attributes of AwsprovError that AWS's response has."""

    aws_code: str
    operation: str
    request_id: str


def refusal(error: ClientError) -> Refusal:
    """Return error code, operation and request id of a call that AWS refused."""
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
    return Refusal(aws_code=error_code(error), operation=error.operation_name, request_id=str(request_id))


def explain(error: BaseException) -> AwsprovError | None:
    """Return an error of boto3 as an AwsprovError; None when it is not one of boto3's.

    An AwsprovError is returned as it is.
    """
    if isinstance(error, AwsprovError):
        return error
    if isinstance(error, ClientError) and not comes_from_credentials(error):
        return translate(message=str(error.response.get("Error", {}).get("Message") or ""), **refusal(error))
    if credentials := explain_credentials(error):
        return credentials
    if isinstance(error, NoRegionError):
        return UsageError("No AWS region is set.", remedy="Set `region:` in config.yaml.")
    if isinstance(error, BotoCoreError) or _comes_from_botocore(error):
        return AwsprovError(
            "AWS could not be reached, or its response could not be read.",
            why=str(error),
            remedy=_check_network(str(error)),
        )
    return None


def _comes_from_botocore(error: BaseException) -> bool:
    """Return whether botocore failed: for most of what is no response of AWS, as of a proxy, it has no error."""
    frames = traceback.walk_tb(error.__traceback__)
    packages = [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames]
    return [name for name in packages if name in ("awsprov", "botocore")][-1:] == ["botocore"]


def _check_network(message: str) -> str:
    if found := _ON_THIS_MACHINE.search(message):
        started = f"Check that {found[0]} is running; the local cloud is started by `awsprov local start`."
        return f"{started} Then run the same command again."
    return "Check the network and the proxy settings, then run the same command again."


def decode_denial(decode: Callable[[str], str], parsed: dict[str, Any], **_: Any) -> None:
    """Replace the encoded part of EC2's UnauthorizedOperation by its reason; a botocore `after-call` hook.

    The message stays as it is when it cannot be decoded: the caller may lack sts:DecodeAuthorizationMessage.

    Arguments:
        decode: returns the decoded message, a JSON document, of an encoded one.
        parsed: the response; its message is changed in place.
    """
    error = parsed.get("Error", {})
    encoded = _ENCODED.search(error.get("Message") or "")
    if error.get("Code") == "UnauthorizedOperation" and encoded:
        with suppress(Exception):  # whatever fails here, the denial is the error to report
            decoded = json.loads(decode(encoded[1]))
            start = error["Message"][: encoded.start()].partition(" User: ")[0].strip()
            error["Message"] = f"{start} {_reason(decoded)}"


def _reason(decoded: dict[str, Any]) -> str:
    """Return who may not call what, and why (STS API reference, DecodeAuthorizationMessage)."""
    context, statements = decoded["context"], decoded.get("matchedStatements", {}).get("items", [])
    names = ", ".join(each["statementId"] for each in statements if each.get("statementId"))
    why = f"a policy denies it{f' ({names})' if names else ''}" if decoded["explicitDeny"] else "no policy allows it"
    return f"{context['principal']['arn']} may not call {context['action']} on {context['resource']}: {why}."
