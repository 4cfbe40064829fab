"""The limits of Lambda that its service model does not contain."""

import json
import re
from collections.abc import Iterator
from typing import Any

from awsprov.local.behaviour.blockers import function_of
from awsprov.local.behaviour.fidelity_row import GUIDE, MODEL, REPORTS
from awsprov.local.behaviour.validation import ValidationRule
from awsprov.local.wire import ApiCall

FUNCTION_NAME = 64  # characters
VARIABLES = 4096  # bytes of their JSON
LAYERS = 5
TIMEOUT = 1800  # seconds, without managed instances
EPHEMERAL_STORAGE = 10_240  # MB, without an accelerator
FUNCTION_POLICY = 20_480  # bytes

_QUALIFIED = re.compile(r"(?:.*:function:)?([^:]+)(?::.+)?")


def _constraint(value: Any, member: str, constraint: str) -> str:
    failed = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    return f"1 validation error detected: {failed}"


def _function_name(call: ApiCall) -> Iterator[str]:
    name = str(call.params.get("FunctionName", ""))
    found = _QUALIFIED.fullmatch(name)
    if found and len(found[1]) > FUNCTION_NAME:
        yield _constraint(found[1], "functionName", f"have length less than or equal to {FUNCTION_NAME}")


def _variables(call: ApiCall) -> Iterator[str]:
    variables = (call.params.get("Environment") or {}).get("Variables") or {}
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > VARIABLES:
        yield (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )


def _timeout(call: ApiCall) -> Iterator[str]:
    if not call.params.get("CapacityProviderConfig") and (call.params.get("Timeout") or 0) > TIMEOUT:
        yield _constraint(call.params["Timeout"], "timeout", f"have value less than or equal to {TIMEOUT}")


def _ephemeral_storage(call: ApiCall) -> Iterator[str]:
    size = (call.params.get("EphemeralStorage") or {}).get("Size") or 0
    if not call.params.get("AcceleratorConfig") and size > EPHEMERAL_STORAGE:
        yield _constraint(size, "ephemeralStorage.size", f"have value less than or equal to {EPHEMERAL_STORAGE}")


def _layers(call: ApiCall) -> Iterator[str]:
    if len(call.params.get("Layers") or []) > LAYERS:
        yield f"You cannot reference more than {LAYERS} layers."


def _function_policy(call: ApiCall) -> Iterator[str]:
    """Each version and alias has a policy of its own; moto has one per function."""
    function, qualifier = function_of(call)
    if function is None:
        return
    resource = f"{function.function_arn}:{qualifier}" if qualifier else function.function_arn
    statements = [each for each in function.policy.statements if each.get("Resource") == resource]
    document = {"Version": "2012-10-17", "Id": "default", "Statement": [*statements, _statement(call, resource)]}
    size = len(json.dumps(document, separators=(",", ":")).encode())
    if size > FUNCTION_POLICY:
        yield f"The final policy size ({size}) is bigger than the limit ({FUNCTION_POLICY})."


def _statement(call: ApiCall, resource: str) -> dict[str, Any]:
    """Return the statement that AddPermission would add."""
    params = call.params
    principal = str(params.get("Principal", ""))
    who = {"Service": principal} if principal.endswith(".amazonaws.com") else {"AWS": principal}
    condition = {"ArnLike": {"AWS:SourceArn": params["SourceArn"]}} if params.get("SourceArn") else {}
    if account := params.get("SourceAccount"):
        condition["StringEquals"] = {"AWS:SourceAccount": account}
    return {
        "Sid": params.get("StatementId"),
        "Effect": "Allow",
        "Principal": who,
        "Action": params.get("Action"),
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


_WRITES = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
_VALIDATION, _INVALID = "ValidationException", "InvalidParameterValueException"

LAMBDA_LIMITS = (
    ValidationRule(
        ("lambda:CreateFunction",),
        f"A function name of more than {FUNCTION_NAME} characters",
        _function_name,
        _VALIDATION,
        source=f"{MODEL} (documentation of FunctionName)",
    ),
    ValidationRule(
        _WRITES,
        f"Environment variables whose JSON has more than {VARIABLES} bytes",
        _variables,
        _INVALID,
        source=f"{GUIDE} (Lambda quotas); {REPORTS} (terraform-aws-github-runner issue 3594)",
    ),
    ValidationRule(
        _WRITES,
        f"A timeout of more than {TIMEOUT} s without managed instances",
        _timeout,
        _VALIDATION,
        source=f"{MODEL} (documentation of Timeout)",
    ),
    ValidationRule(
        _WRITES,
        f"Ephemeral storage of more than {EPHEMERAL_STORAGE} MB without an accelerator",
        _ephemeral_storage,
        _VALIDATION,
        source=f"{MODEL} (documentation of EphemeralStorage)",
    ),
    ValidationRule(
        _WRITES,
        f"More than {LAYERS} layers",
        _layers,
        _INVALID,
        source=f"{GUIDE} (Lambda quotas)",
    ),
    ValidationRule(
        ("lambda:AddPermission",),
        f"A resource-based policy of more than {FUNCTION_POLICY} bytes",
        _function_policy,
        "PolicyLengthExceededException",
        source=f"{GUIDE} (Lambda quotas); {REPORTS} (serverless issue 5357)",
    ),
)
