"""A Lambda function behind an API: found by the integration's URI, allowed by its own policy, invoked in time."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError

from awsprov.local.apigateway.access_log import Facts
from awsprov.local.apigateway.messages import RefusedRequestError
from awsprov.local.cloud import ACCOUNT, account_backends
from awsprov.local.lambda_ import registry, targets
from awsprov.local.lambda_.invocations import InvocationResponse, StillRunningError
from awsprov.local.lambda_.invoke import REQUEST_LIMIT
from awsprov.local.lambda_.targets import Target
from awsprov.local.wildcards import matches
from awsprov.local.wire import ServiceError

_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:([\w-]+)(?::([\w$-]+))?")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


class NoAnswerError(Exception):
    """The function gave no answer that the client may see; the message is for the access log."""


class NoPermissionError(NoAnswerError):
    """The function is missing, or its policy does not let this method call it."""


class TimedOutError(NoAnswerError):
    """The integration's time is over."""


class ThrottledError(NoAnswerError):
    """Lambda refused the invocation for now."""


@dataclass(frozen=True)
class Integration:
    """What the gateway knows of the function to call.

    Arguments:
        uri: the function's ARN, or the path-style URI around it.
        sources: the ARN of the method that calls, in the forms of which the function's policy must allow one.
        timeout: seconds.
    """

    uri: str
    sources: tuple[str, ...]
    timeout: float
    variables: dict[str, str]

    def invoke(self, event: dict[str, Any], facts: Facts) -> InvocationResponse:
        """Call the function with this event, and note how that went."""
        target = self._target()
        payload = json.dumps(event, separators=(",", ":")).encode()
        if len(payload) > REQUEST_LIMIT:
            raise RefusedRequestError(413, "Request Too Long", "RequestEntityTooLargeException")
        started = time.monotonic()
        try:
            answer = registry.invocations().run(target, payload, timeout=self.timeout)
        except StillRunningError as error:
            raise TimedOutError("Endpoint request timed out") from error
        except ServiceError as refused:
            kind = ThrottledError if refused.code == "TooManyRequestsException" else NoAnswerError
            raise kind(refused.message) from refused
        finally:
            facts.integration_latency = int((time.monotonic() - started) * 1000)
        facts.integration_status = 200
        return answer

    def _target(self) -> Target:
        uri = _STAGE_VARIABLE.sub(lambda found: self.variables.get(found[1], ""), self.uri)
        function = _FUNCTION.search(uri)
        if not function:
            raise NoPermissionError(f"The integration's URI names no function: {uri}")
        region, name, qualifier = function.groups()
        try:
            target = targets.target(account_backends(lambda_backends)[region], name, qualifier or "")
        except JsonRESTError as error:
            raise NoPermissionError(f"The function {function[0]} does not exist.") from error
        if not any(_allowed(target, source) for source in self.sources):
            raise NoPermissionError("Invalid permissions on Lambda function")
        return target


def _allowed(target: Target, source: str) -> bool:
    """Whether a statement of the function's policy lets API Gateway call it for this method."""
    return any(_allows(statement, target.arn, source) for statement in target.function.policy.statements)


def _allows(statement: dict[str, Any], arn: str, source: str) -> bool:
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    if statement.get("Effect") != "Allow" or service not in {"apigateway.amazonaws.com", "*"}:
        return False
    if statement.get("Action") not in {"lambda:InvokeFunction", "lambda:*", "*"} or statement.get("Resource") != arn:
        return False
    facts = {"aws:sourcearn": source, "aws:sourceaccount": ACCOUNT}
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, pattern in tests.items():
            if not _holds(operator, str(pattern), facts.get(key.lower(), "")):
                return False
    return True


def _holds(operator: str, pattern: str, value: str) -> bool:
    if operator in {"ArnLike", "ArnEquals"}:
        parts, values = pattern.split(":", 5), value.split(":", 5)
        return len(parts) == len(values) and all(
            matches(each, other) for each, other in zip(parts, values, strict=True)
        )
    return matches(pattern, value) if operator == "StringLike" else pattern == value
