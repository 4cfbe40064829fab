"""Values that AWS refuses and moto takes, each with AWS's code and words."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    """Operations whose parameters `faults` finds something wrong with: it yields AWS's messages."""

    operations: tuple[str, ...]
    subject: str
    faults: Callable[[ApiCall], Iterator[str]]
    code: str

    @property
    def what(self) -> str:
        return self.subject

    @property
    def told(self) -> str:
        return f"`{self.code}`"


def _constraint(value: Any, member: str, constraint: str) -> str:
    failed = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    return f"1 validation error detected: {failed}"


def _mount_paths(call: ApiCall) -> Iterator[str]:
    for disk in call.params.get("FileSystemConfigs") or []:
        path = str(disk.get("LocalMountPath"))
        if not _MOUNT.fullmatch(path):
            member = "fileSystemConfigs.1.member.localMountPath"
            yield _constraint(path, member, "satisfy regular expression pattern: ^/mnt/[a-zA-Z0-9-_.]+$")


def _runtimes(call: ApiCall) -> Iterator[str]:
    runtime = call.params.get("Runtime")
    known = get_service_model("lambda").shape_for("Runtime").enum
    if runtime and runtime not in known:
        yield f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: {known}"


def _sizes(call: ApiCall) -> Iterator[str]:
    for member, least, most in (("MemorySize", 128, 10240), ("Timeout", 1, 900)):
        value = call.params.get(member)
        if value is not None and not least <= value <= most:
            bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
            yield _constraint(value, member[0].lower() + member[1:], f"have value {bound}")


def _nobody_logs(call: ApiCall) -> Iterator[str]:
    asked = {(each["path"], each.get("value")) for each in call.params.get("patchOperations") or []}
    logs = any(path.startswith("/accessLogSettings/") for path, _ in asked)
    logs = logs or any(path.endswith("/logging/loglevel") and level != "OFF" for path, level in asked)
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


def _stranded_disk(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    network, disks = call.params.get("VpcConfig"), call.params.get("FileSystemConfigs")
    if function is not None and network is not None and not network.get("SubnetIds") and disks is None:
        for disk in function.file_system_configs:
            yield f"Function VPC configuration cannot be removed with access point {disk['Arn']} referenced."


def _alias_versions(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    version = str(call.params.get("FunctionVersion") or "$LATEST")
    kept = lambda_backends[ACCOUNT][call.region]._lambdas._functions
    if function is not None and version != "$LATEST":
        known = {str(each.version) for each in kept[function.function_name]["versions"]}
        if version not in known:
            yield f"Function not found: {function.function_arn}:{version}"


def _retention(call: ApiCall) -> Iterator[str]:
    days = call.params.get("retentionInDays")
    if days not in _RETENTION:
        yield f"Invalid retention value. Valid values are: [{', '.join(map(str, _RETENTION))}]"


_WRITES = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
_INVALID, _VALIDATION = "InvalidParameterValueException", "ValidationException"

VALIDATION_RULES = (
    ValidationRule(
        _WRITES, "A LocalMountPath that is not `/mnt/NAME`", _mount_paths, _VALIDATION, moto="accepted", source=MODEL
    ),
    ValidationRule(_WRITES, "A runtime that Lambda does not have", _runtimes, _INVALID, moto="accepted", source=MODEL),
    ValidationRule(_WRITES, "Memory or timeout out of range", _sizes, _VALIDATION, moto="accepted", source=MODEL),
    ValidationRule(
        _WRITES, "Reserved variables, or more than 4 KB of them", _variables, _INVALID, moto="accepted", source=GUIDE
    ),
    ValidationRule(
        ("lambda:UpdateFunctionConfiguration",),
        "Leaving the VPC with a file system mounted",
        _stranded_disk,
        _INVALID,
        moto="accepted",
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
        "Logs of a stage while the account's settings have no role for them",
        _nobody_logs,
        "BadRequestException",
        moto="accepted",
        source=REPORTS,
    ),
    ValidationRule(
        ("logs:PutRetentionPolicy",),
        "A log retention that is not on the list",
        _retention,
        "InvalidParameterException",
        moto="accepted",
        source=MODEL,
    ),
)


def check(call: ApiCall) -> None:
    """Refuse a call for what is in it."""
    for row in VALIDATION_RULES:
        for message in row.faults(call) if call.name in row.operations else ():
            raise ServiceError(row.code, message, 404 if row.code == "ResourceNotFoundException" else 400)
