"""Every request is checked against the service model of botocore, and refused with the message of the service."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.local.behaviour import service_models
from awsprov.local.behaviour.model_rows import MODEL_CHECKS, MODEL_EXCEPTIONS
from awsprov.local.wire import ApiCall, ServiceError
from tests.local.conftest import LocalCloud, function, refused

ROLE = "arn:aws:iam::123456789012:role/x"


def misfit(service: str, operation: str, **params: Any) -> ServiceError:
    """Return the error of a call that does not fit its model."""
    with pytest.raises(ServiceError) as caught:
        service_models.check(ApiCall(service, operation, params=params))
    return caught.value


MISFITS: list[tuple[str, str, dict[str, Any], str, str]] = [  # service, operation, parameters, code, message
    ("iam", "CreateRole", {"RoleName": "r"}, "ValidationError", "Value null at 'assumeRolePolicyDocument'"),
    ("iam", "GetRole", {"RoleName": "r" * 65}, "ValidationError", "length less than or equal to 64"),
    ("iam", "GetRole", {"RoleName": "a role"}, "ValidationError", "regular expression pattern"),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "x"}, "ValidationError", "greater than or equal to 2"),
    ("lambda", "GetFunction", {"FunctionName": "a b"}, "ValidationException", "at 'functionName'"),
    ("lambda", "AddPermission", {"FunctionName": "f", "StatementId": "s" * 101, "Action": "lambda:InvokeFunction",
                                 "Principal": "x"}, "ValidationException", "at 'statementId'"),
    ("lambda", "CreateAlias", {"FunctionName": "f", "Name": "7", "FunctionVersion": "1"}, "ValidationException",
     "at 'name'"),
    ("efs", "CreateAccessPoint", {"ClientToken": "t", "FileSystemId": "fs-0123456789abcdef0",
                                  "RootDirectory": {"Path": "//x"}}, "ValidationException", "'rootDirectory.path'"),
    ("efs", "CreateFileSystem", {"CreationToken": "t" * 65}, "ValidationException", "at 'creationToken'"),
    ("efs", "CreateFileSystem", {"CreationToken": "t", "Tags": [{"Key": "a"}]}, "ValidationException",
     "Value null at 'tags.1.member.value'"),
    ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "InvalidParameterException", "at 'logGroupName'"),
    ("ssm", "GetParameters", {"Names": [str(n) for n in range(11)]}, "ValidationException", "at 'names'"),
    ("apigateway", "CreateResource", {"restApiId": "a", "parentId": "b"}, "BadRequestException", "'pathPart'"),
    ("apigatewayv2", "CreateRoute", {"ApiId": "a", "RouteKey": "GET /", "Target": "t" * 129}, "BadRequestException",
     "at 'target'"),
    ("apigatewayv2", "CreateApi", {"Name": "a", "ProtocolType": "FTP"}, "BadRequestException", "enum value set"),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter", "vpcId"),
    ("ec2", "DescribeVpcs", {"MaxResults": 1}, "InvalidParameterValue", "Value ('1') for parameter maxResults"),
    ("resourcegroupstaggingapi", "GetResources", {"TagFilters": [{"Key": "k" * 129}]}, "InvalidParameterException",
     "at 'tagFilters.1.member.key'"),
    ("pricing", "GetProducts", {}, "InvalidParameterException", "'serviceCode'"),
    ("cloudwatch", "PutMetricData", {}, "InvalidParameterValue", "'namespace'"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params", "code", "message"), MISFITS)
def test_a_request_that_does_not_fit_is_refused_as_by_the_service(
    service: str, operation: str, params: dict[str, Any], code: str, message: str
) -> None:
    error = misfit(service, operation, **params)
    assert (error.code, error.status) == (code, 400)
    assert message in error.message


def test_an_exception_is_not_checked_against_the_model() -> None:
    """moto's table of instance types is asked instead: tests/local/ec2/test_instances.py."""
    params = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t9.huge"}
    service_models.check(ApiCall("ec2", "RunInstances", params=params))
    misfit("ec2", "RunInstances", MinCount=1, MaxCount=1, InstanceInitiatedShutdownBehavior="explode")
    assert len(MODEL_EXCEPTIONS) == 1


def test_every_row_has_a_case() -> None:
    assert {row.service for row in MODEL_CHECKS if row.service} <= {service for service, *_ in MISFITS}


def test_all_misfits_are_in_one_message() -> None:
    error = misfit("lambda", "CreateFunction", FunctionName="f", Code={}, Role="no ARN", Timeout=0)
    assert error.message.startswith("2 validation errors detected: ")
    assert "at 'role'" in error.message
    assert "at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1" in (
        error.message
    )


def test_a_secret_value_is_not_in_the_message() -> None:
    error = misfit("ssm", "PutParameter", Name="", Value="")
    assert "Value '" in error.message  # the name is shown
    secret = misfit(
        "lambda", "CreateFunction", FunctionName="f", Code={}, Role=ROLE, Environment={"Variables": {"-": "hush"}}
    )
    assert "hush" not in secret.message


@pytest.mark.parametrize("value", ["ünïcode", "a b", "", "x" * 256])
def test_what_fits_is_accepted(value: str) -> None:
    service_models.check(ApiCall("iam", "TagRole", params={"RoleName": "r", "Tags": [{"Key": "k", "Value": value}]}))


def test_a_pattern_is_matched_from_the_first_to_the_last_character() -> None:
    service_models.check(ApiCall("iam", "GetRole", params={"RoleName": "role"}))
    misfit("iam", "GetRole", RoleName="role\n")


def unvalidated(cloud: LocalCloud, service: str) -> Any:
    return cloud.client(service, parameter_validation=False)


CALLS: list[tuple[str, Callable[[Any], Any], str]] = [  # one for each protocol
    ("iam", lambda iam: iam.get_role(RoleName="r" * 65), "ValidationError"),
    ("ec2", lambda ec2: ec2.create_subnet(CidrBlock="10.0.0.0/24"), "MissingParameter"),
    ("efs", lambda efs: efs.create_file_system(CreationToken="t" * 65), "ValidationException"),
    ("logs", lambda logs: logs.create_log_group(logGroupName="a b"), "InvalidParameterException"),
    ("apigateway", lambda api: api.create_rest_api(), "BadRequestException"),
]


@pytest.mark.parametrize(("service", "call", "code"), CALLS)
def test_the_answer_has_the_form_of_the_protocol(
    cloud: LocalCloud, service: str, call: Callable[[Any], Any], code: str
) -> None:
    with refused(code):
        call(unvalidated(cloud, service))


@pytest.mark.parametrize(
    ("service", "operation", "params", "code"),
    [
        ("lambda", "get_function_concurrency", {"FunctionName": "f"}, "ResourceNotFoundException"),
        ("lambda", "put_function_concurrency", {"FunctionName": "f", "ReservedConcurrentExecutions": "many"},
         "SerializationException"),
        ("lambda", "tag_resource", {"Resource": "r", "Tags": {"a": ["b"]}}, "SerializationException"),
        ("logs", "put_retention_policy", {"logGroupName": 7, "retentionInDays": 7}, "SerializationException"),
        ("iam", "list_roles", {"MaxItems": "many"}, "MalformedInput"),
        ("ec2", "describe_vpcs", {"MaxResults": "many"}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(
    cloud: LocalCloud, service: str, operation: str, params: dict[str, Any], code: str
) -> None:
    with refused(code):
        getattr(unvalidated(cloud, service), operation)(**params)


def test_a_function_with_a_large_zip_is_checked_too(cloud: LocalCloud, role: str) -> None:
    spec = function(role, Handler="h" * 129)
    spec["Code"] = {"ZipFile": b"x" * 2_000_000}
    with pytest.raises(ClientError, match="at 'handler'"):
        unvalidated(cloud, "lambda").create_function(**spec)


def every_pattern() -> Iterator[str]:
    from moto.core.utils import get_service_model  # moto starts slowly

    for service in (row.service for row in MODEL_CHECKS if row.service):
        model = get_service_model(service)
        for name in model.shape_names:
            if pattern := model.shape_for(name).metadata.get("pattern"):
                yield pattern


def test_every_pattern_can_be_read() -> None:
    patterns = list(every_pattern())
    assert len(patterns) > 200
    for pattern in patterns:
        service_models._compiled(pattern)
