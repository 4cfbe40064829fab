"""Parameters that AWS rejects and moto accepts, with the error codes and messages of AWS."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import lambda_backends

from awsprov.local.behaviour.blockers import function_of, rest_method
from awsprov.local.behaviour.fidelity_row import GUIDE, MODEL, REPORTS, FidelityRow
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall, ServiceError

_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
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
        status: the HTTP status.
    """

    operations: tuple[str, ...]
    subject: str
    errors: Callable[[ApiCall], Iterator[str]]
    code: str
    status: int = field(default=400, kw_only=True)
    moto: str = field(default="accepted", kw_only=True)

    @property
    def title(self) -> str:
        return self.subject

    @property
    def on_aws(self) -> str:
        return f"`{self.code}`"


def _no_logging_role(call: ApiCall) -> Iterator[str]:
    changes = {(each["path"], each.get("value")) for each in call.params.get("patchOperations") or []}
    logs = any(path.startswith("/accessLogSettings/") for path, _ in changes)
    logs = logs or any(path.endswith("/logging/loglevel") and level != "OFF" for path, level in changes)
    if logs and not apigateway_backends[ACCOUNT][call.region].get_account().cloudwatch_role_arn:
        yield "CloudWatch Logs role ARN must be set in account settings to enable logging"


def _undeclared_headers(call: ApiCall) -> Iterator[str]:
    method, headers = rest_method(call), call.params.get("responseParameters") or {}
    if not headers or method is None:
        return
    declared = method.method_responses.get(call.params.get("statusCode"))
    errors = ["No method response exists for method."]
    if declared is not None:
        undeclared = [name for name in headers if name not in (declared.response_parameters or {})]
        errors = [f"Invalid mapping expression parameter specified: {name}" for name in undeclared]
    if errors:
        result = f"warnings : [], errors : [{', '.join(errors)}]"
        yield f"Invalid mapping expression specified: Validation Result: {result}"


def _variables(call: ApiCall) -> Iterator[str]:
    variables = (call.params.get("Environment") or {}).get("Variables") or {}
    reserved = sorted(name for name in variables if _RESERVED.fullmatch(name))
    if reserved:
        yield (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )


def _file_system_without_vpc(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    vpc, file_systems = call.params.get("VpcConfig"), call.params.get("FileSystemConfigs")
    if function is not None and vpc is not None and not vpc.get("SubnetIds") and file_systems is None:
        for each in function.file_system_configs:
            yield f"Function VPC configuration cannot be removed with access point {each['Arn']} referenced."


def _alias_versions(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    version = str(call.params.get("FunctionVersion") or "$LATEST")
    if function is not None and version != "$LATEST" and version not in _roles(call, function):
        yield f"Function not found: {function.function_arn}:{version}"


def _alias_roles(call: ApiCall) -> Iterator[str]:
    function, _ = function_of(call)
    if function is None:
        return
    aliases = {each.name: each for each in lambda_backends[ACCOUNT][call.region].list_aliases(function.function_name)}
    live = getattr(aliases.get(call.params.get("Name")), "function_version", "")
    weights = (call.params.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    roles = _roles(call, function)
    if len({roles.get(version) for version in (call.params.get("FunctionVersion") or live, *weights)}) > 1:
        yield "Specified versions must be associated with the same execution role"


def _roles(call: ApiCall, function: Any) -> dict[str, str]:
    """Return the role of each published version of a function."""
    functions = lambda_backends[ACCOUNT][call.region]._lambdas._functions
    return {str(each.version): each.role for each in functions[function.function_name]["versions"]}


def _retention(call: ApiCall) -> Iterator[str]:
    days = call.params.get("retentionInDays")
    if days not in _RETENTION:
        yield f"Invalid retention value. Valid values are: [{', '.join(map(str, _RETENTION))}]"


def _several_attributes(call: ApiCall) -> Iterator[str]:
    attributes = sorted(name for name, value in call.params.items() if name not in _MODIFIED and value is not None)
    if len(attributes) > 1:
        yield f"Fields for multiple attribute types specified: {', '.join(attributes)}"


def _bucket_owner(call: ApiCall) -> Iterator[str]:
    if call.params.get("ExpectedBucketOwner") not in (None, ACCOUNT):
        yield "Access Denied"


def _if_none_match(call: ApiCall) -> Iterator[str]:
    if call.params.get("IfNoneMatch") not in (None, "*"):
        yield "A header you provided implies functionality that is not implemented"


_OBJECTS = ("s3:GetObject", "s3:HeadObject", "s3:PutObject", "s3:DeleteObject", "s3:HeadBucket", "s3:ListObjectsV2")
_MODIFIED = ("VpcId", "SubnetId", "NetworkInterfaceId", "DryRun")  # parameters that are no attribute
_WRITES = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
_INVALID = "InvalidParameterValueException"

VALIDATION_RULES = (
    ValidationRule(_WRITES, "Reserved environment variables", _variables, _INVALID, source=GUIDE),
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
        status=404,
        moto="as AWS",
        source=MODEL,
    ),
    ValidationRule(
        ("lambda:UpdateAlias", "lambda:CreateAlias"),
        "Weights of an alias for versions with different roles",
        _alias_roles,
        _INVALID,
        source=f"{GUIDE}; {REPORTS} (serverless-aws-alias issue 64)",
    ),
    ValidationRule(
        ("apigateway:UpdateStage",),
        "Logging of a stage without a logging role in the account settings",
        _no_logging_role,
        "BadRequestException",
        source=REPORTS,
    ),
    ValidationRule(
        ("apigateway:PutIntegrationResponse",),
        "Headers of an integration response that the method response does not declare",
        _undeclared_headers,
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
    ValidationRule(
        ("ec2:ModifyVpcAttribute", "ec2:ModifySubnetAttribute", "ec2:ModifyNetworkInterfaceAttribute"),
        "Several attributes of a VPC, a subnet or a network interface in one call",
        _several_attributes,
        "InvalidParameterCombination",
        source=f"{MODEL} (documentation of the operations); the code: {REPORTS}",
    ),
    ValidationRule(
        _OBJECTS,
        "An ExpectedBucketOwner other than the account of the bucket",
        _bucket_owner,
        "AccessDenied",
        status=403,
        source=MODEL,
    ),
    ValidationRule(
        ("s3:PutObject",),
        "An If-None-Match other than `*`",
        _if_none_match,
        "NotImplemented",
        status=501,
        source=GUIDE,
    ),
)


def check(call: ApiCall, rules: Iterable[ValidationRule] = VALIDATION_RULES) -> None:
    """Check the parameters of a call.

    Raises:
        ServiceError: a parameter is not valid.
    """
    for rule in rules:
        for message in rule.errors(call) if call.name in rule.operations else ():
            raise ServiceError(rule.code, message, rule.status)
