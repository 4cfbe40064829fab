"""A function called through Lambda's API, and what came back."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws

Way = Literal["RequestResponse", "Event", "DryRun"]  # wait for the answer; leave the event in a queue; only ask


@dataclass(frozen=True)
class Reply:
    """What an invocation came to.

    Arguments:
        payload: the function's answer, or what Lambda tells of its failure.
        error: `Unhandled` and the like, when the function failed; otherwise empty.
        log: its last log lines, 4 KB at most.
        version: the version that ran.
        request_id: the id under which its log lines are found.
    """

    payload: bytes
    error: str
    log: str
    version: str
    request_id: str

    @property
    def failure(self) -> str:
        """What it failed with, in one line."""
        told = parsed(self.payload)
        if not isinstance(told, dict):
            return self.payload.decode(errors="replace").strip()
        return ": ".join(str(told[key]) for key in ("errorType", "errorMessage") if told.get(key))


def invoke(aws: Aws, function: str, qualifier: str, payload: bytes, way: Way = "RequestResponse") -> Reply:
    """Call a function once.

    Arguments:
        function: its name on Lambda.
        qualifier: a version or an alias.
        payload: the event, JSON.
        way: whether to wait for the answer.

    Raises:
        ClientError: Lambda did not take it.
    """
    more: Any = {"LogType": "Tail"} if way == "RequestResponse" else {}
    answer: Any = aws.invoker.invoke(
        FunctionName=function, Qualifier=qualifier, Payload=payload, InvocationType=way, **more
    )
    return Reply(
        answer["Payload"].read(),
        answer.get("FunctionError", ""),
        base64.b64decode(answer.get("LogResult", "")).decode(errors="replace").strip(),
        answer.get("ExecutedVersion", ""),
        answer["ResponseMetadata"].get("RequestId", ""),
    )


def parsed(text: str | bytes) -> Any:
    """The value of a JSON text; None when it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
