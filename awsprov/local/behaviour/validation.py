"""Parameters that AWS rejects and moto accepts, with the error codes and messages of AWS."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import lambda_backends
from moto.core.utils import get_service_model

from awsprov.local.behaviour.blockers import function_of
from awsprov.local.behaviour.fidelity_row import GUIDE, MODEL, REPORTS, FidelityRow
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ServiceError

_MOUNT = re.compile(r"/mnt/[a-zA-Z0-9-_.]{1,155}")
_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_VARIABLES = 4096  # bytes
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV"
    r"|AWS_(ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)"
    r"|AWS_LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)"
    r"|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)


@dataclass(frozen=True)
class ValidationRule(FidelityRow):
    """A rule for the parameters of some operations.

    Arguments:
        operations: as `service:Operation`.
        subject: the parameters that are rejected.
        errors: returns the error messages for a call.
        code: the error code.
    """

    operations: tuple[str, ...]
    subject: str
    errors: Callable[[ApiCall], Iterator[str]]
    code: str
    moto: str = field(default="accepted", kw_only=True)

    @property
    def title(self) -> str:
        return self.subject

    @property
    def on_aws(self) -> str:
        return f"`{self.code}`"


def _constraint(value: Any, member: str, constraint: str) -> str:
    failed = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    return f"1 validation error detected: {failed}"


def _mount_paths(call: ApiCall) -> Iterator[str]:
    for file_system in call.params.get("FileSystemConfigs") or []:
        path = str(file_system.get("LocalMountPath"))
        if not _MOUNT.fullmatch(path):
            member = "fileSystemConfigs.1.member.localMountPath"
            yield _constraint(path, member, "satisfy regular expression pattern: ^/mnt/[a-zA-Z0-9-_.]+$")


def _runtimes(call: ApiCall) -> Iterator[str]:
    runtime = call.params.get("Runtime")
    known = get_service_model("lambda").shape_for("Runtime").enum
    if runtime and runtime not in known:
        yield f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: {known}"


def _sizes(call: ApiCall) -> Iterator[str]:
    for member, minimum, maximum in (("MemorySize", 128, 10240), ("Timeout", 1, 900)):
        value = call.params.get(member)
        if value is not None and not minimum <= value <= maximum:
            bound = f"less than or equal to {maximum}" if value > maximum else f"greater than or equal to {minimum}"
            yield _constraint(value, member[0].lower() + member[1:], f"have value {bound}")


def _no_logging_role(call: ApiCall) -> Iterator[str]:
    changes = {(each["path"], each.get("value")) for each in call.params.get("patchOperations") or []}
    logs = any(path.startswith("/accessLogSettings/") for path, _ in changes)
    logs = logs or any(path.endswith("/logging/loglevel") and level != "OFF" for path, level in changes)
    if logs and not apigateway_backends[ACCOUNT][call.region].get_account().cloudwatch_role_arn:
        yield "CloudWatch Logs role ARN must be set in account settings to enable logging"


def _variables(call: ApiCall) -> Iterator[str]:
    variables = (call.params.get("Environment") or {}).get("Variables") or {}
    reserved = sorted(name for name in variables if _RESERVED.fullmatch(name))
    if reserved:
        yield (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )
    elif sum(len(f"{name}{value}".encode()) for name, value in variables.items()) > _VARIABLES:
        yield f"Lambda was unable to configure your environment variables: they exceed the limit of {_VARIABLES} bytes"


def _file_system_without_vpc(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    vpc, file_systems = call.params.get("VpcConfig"), call.params.get("FileSystemConfigs")
    if function is not None and vpc is not None and not vpc.get("SubnetIds") and file_systems is None:
        for each in function.file_system_configs:
            yield f"Function VPC configuration cannot be removed with access point {each['Arn']} referenced."


def _alias_versions(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    version = str(call.params.get("FunctionVersion") or "$LATEST")
    functions = lambda_backends[ACCOUNT][call.region]._lambdas._functions
    if function is not None and version != "$LATEST":
        known = {str(each.version) for each in functions[function.function_name]["versions"]}
        if version not in known:
            yield f"Function not found: {function.function_arn}:{version}"


def _retention(call: ApiCall) -> Iterator[str]:
    days = call.params.get("retentionInDays")
    if days not in _RETENTION:
        yield f"Invalid retention value. Valid values are: [{', '.join(map(str, _RETENTION))}]"


_WRITES = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
_INVALID, _VALIDATION = "InvalidParameterValueException", "ValidationException"

VALIDATION_RULES = (
    ValidationRule(_WRITES, "A LocalMountPath that is not `/mnt/NAME`", _mount_paths, _VALIDATION, source=MODEL),
    ValidationRule(_WRITES, "A runtime that does not exist", _runtimes, _INVALID, source=MODEL),
    ValidationRule(_WRITES, "Memory or timeout out of range", _sizes, _VALIDATION, source=MODEL),
    ValidationRule(
        _WRITES,
        "Reserved environment variables, or more than 4 KB",
        _variables,
        _INVALID,
        source=GUIDE,
    ),
    ValidationRule(
        ("lambda:UpdateFunctionConfiguration",),
        "Removing the VPC configuration of a function with a file system",
        _file_system_without_vpc,
        _INVALID,
        source=REPORTS,
    ),
    ValidationRule(
        ("lambda:UpdateAlias", "lambda:CreateAlias"),
        "An alias for a version that does not exist",
        _alias_versions,
        "ResourceNotFoundException",
        moto="as AWS",
        source=MODEL,
    ),
    ValidationRule(
        ("apigateway:UpdateStage",),
        "Logging of a stage without a logging role in the account settings",
        _no_logging_role,
        "BadRequestException",
        source=REPORTS,
    ),
    ValidationRule(
        ("logs:PutRetentionPolicy",),
        "A log retention that is not one of the valid values",
        _retention,
        "InvalidParameterException",
        source=MODEL,
    ),
)


def check(call: ApiCall) -> None:
    """Check the parameters of a call.

    Raises:
        ServiceError: a parameter is not valid.
    """
    for row in VALIDATION_RULES:
        for message in row.errors(call) if call.name in row.operations else ():
            raise ServiceError(row.code, message, 404 if row.code == "ResourceNotFoundException" else 400)
