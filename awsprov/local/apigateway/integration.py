"""The Lambda integration: finds the function of an integration URI, checks its policy and invokes it."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError

from awsprov.local.apigateway.access_log import LogContext
from awsprov.local.apigateway.messages import GatewayError
from awsprov.local.cloud import ACCOUNT, account_backends
from awsprov.local.lambda_ import registry, targets
from awsprov.local.lambda_.invocations import InvocationResponse, StillRunningError
from awsprov.local.lambda_.invoke import REQUEST_LIMIT
from awsprov.local.lambda_.targets import Target
from awsprov.local.wildcards import matches
from awsprov.local.wire import ServiceError

_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:([\w-]+)(?::([\w$-]+))?")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


class IntegrationError(Exception):
    """The function could not be invoked; the message is for the access log, not for the client."""


class IntegrationPermissionError(IntegrationError):
    """The function does not exist, or its policy does not allow the API to invoke it."""


class IntegrationTimeoutError(IntegrationError):
    """The function did not respond within the timeout of the integration."""


class IntegrationThrottledError(IntegrationError):
    """Lambda throttled the invocation."""


@dataclass(frozen=True)
class LambdaIntegration:
    """A function behind a method or route.

    Arguments:
        uri: the ARN of the function, or an integration URI that contains it.
        source_arns: the ARN of the method or route, in all forms that the function's policy may allow.
        timeout: seconds.
        stage_variables: replaced in the URI.
    """

    uri: str
    source_arns: tuple[str, ...]
    timeout: float
    stage_variables: dict[str, str]

    async def invoke(self, event: dict[str, Any], context: LogContext) -> InvocationResponse:
        """Invoke the function, and record the result in the context of the access log.

        Raises:
            IntegrationError: the function could not be invoked.
            GatewayError: the event is too large.
        """
        target = self._target()
        payload = json.dumps(event, separators=(",", ":")).encode()
        if len(payload) > REQUEST_LIMIT:
            raise GatewayError(413, "Request Too Long", "RequestEntityTooLargeException")
        started = time.monotonic()
        try:
            response = await registry.invocations().run(target, payload, timeout=self.timeout)
        except StillRunningError as error:
            raise IntegrationTimeoutError("Endpoint request timed out") from error
        except ServiceError as error:
            throttled = error.code == "TooManyRequestsException"
            raise (IntegrationThrottledError if throttled else IntegrationError)(error.message) from error
        finally:
            context.integration_latency = int((time.monotonic() - started) * 1000)
        context.integration_status = 200
        return response

    def _target(self) -> Target:
        uri = _STAGE_VARIABLE.sub(lambda found: self.stage_variables.get(found[1], ""), self.uri)
        function = _FUNCTION.search(uri)
        if not function:
            raise IntegrationPermissionError(f"The integration URI contains no function: {uri}")
        region, name, qualifier = function.groups()
        try:
            target = targets.target(account_backends(lambda_backends)[region], name, qualifier or "")
        except JsonRESTError as error:
            raise IntegrationPermissionError(f"The function {function[0]} does not exist.") from error
        statements = target.function.policy.statements
        if not any(_allows(statement, target.arn, arn) for statement in statements for arn in self.source_arns):
            raise IntegrationPermissionError("Invalid permissions on Lambda function")
        return target


def _allows(statement: dict[str, Any], function_arn: str, source_arn: str) -> bool:
    """Return whether a statement of a function's policy allows API Gateway to invoke it from this source."""
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    if statement.get("Effect") != "Allow" or service not in {"apigateway.amazonaws.com", "*"}:
        return False
    actions = {"lambda:InvokeFunction", "lambda:*", "*"}
    if statement.get("Action") not in actions or statement.get("Resource") != function_arn:
        return False
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": ACCOUNT}
    return all(
        _holds(operator, str(pattern), context.get(key.lower(), ""))
        for operator, tests in (statement.get("Condition") or {}).items()
        for key, pattern in tests.items()
    )


def _holds(operator: str, pattern: str, value: str) -> bool:
    if operator in {"ArnLike", "ArnEquals"}:  # wildcards do not match across the colons of an ARN
        patterns, parts = pattern.split(":", 5), value.split(":", 5)
        return len(patterns) == len(parts) and all(map(matches, patterns, parts))
    return matches(pattern, value) if operator == "StringLike" else pattern == value
