"""Retries: transient errors are retried, all others are raised at once."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from awsprov.aws import retries
from awsprov.aws.client import Aws
from awsprov.aws.errors import error_code, explain
from awsprov.aws.rate_limits import RateLimiter
from awsprov.aws.transient_errors import TRANSIENT_ERRORS, TransientError
from tests.unit.endpoint import Endpoint

CHANGING: dict[str, Callable[[Aws], object]] = {
    "ec2": lambda aws: aws.ec2.create_subnet(VpcId="vpc-1", CidrBlock="10.0.0.0/24"),
    "lambda": lambda aws: aws.lambda_.publish_version(FunctionName="f"),
    "iam": lambda aws: aws.iam.attach_role_policy(RoleName="role", PolicyArn="arn:aws:iam::aws:policy/x"),
    "efs": lambda aws: aws.efs.create_mount_target(FileSystemId=f"fs-{17 * '1'}", SubnetId=f"subnet-{17 * '1'}"),
    "api-gateway": lambda aws: aws.apigateway.create_rest_api(name="api"),
    "apigatewayv2": lambda aws: aws.apigatewayv2.create_route(ApiId="a", RouteKey="GET /"),
}
READING: dict[str, Callable[[Aws], object]] = {
    "ec2": lambda aws: aws.ec2.describe_subnets(SubnetIds=["subnet-1"]),
    "lambda": lambda aws: aws.lambda_.get_function(FunctionName="f"),
    "iam": lambda aws: aws.iam.get_role(RoleName="role"),
    "efs": lambda aws: aws.efs.describe_mount_targets(MountTargetId=f"fsmt-{17 * '1'}"),
    "api-gateway": lambda aws: aws.apigateway.get_rest_api(restApiId="a"),
    "apigatewayv2": lambda aws: aws.apigatewayv2.get_routes(ApiId="a"),
}
DELETING: dict[str, Callable[[Aws], object]] = {
    "ec2": lambda aws: aws.ec2.delete_subnet(SubnetId="subnet-1"),
    "lambda": lambda aws: aws.lambda_.delete_function(FunctionName="f"),
    "iam": lambda aws: aws.iam.delete_role(RoleName="role"),
    "efs": lambda aws: aws.efs.delete_mount_target(MountTargetId=f"fsmt-{17 * '1'}"),
    "api-gateway": lambda aws: aws.apigateway.delete_rest_api(restApiId="a"),
    "apigatewayv2": lambda aws: aws.apigatewayv2.delete_route(ApiId="a", RouteId="r"),
}


@pytest.fixture(autouse=True)
def no_rate_limits(aws: Aws) -> None:
    """A second DeleteRestApi would wait for half a minute."""
    aws.rate_limiter = RateLimiter(())


class Ticking:
    """A clock module that advances by 0.2 s at each reading."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return a later time than the last call."""
        self.now += 0.2
        return self.now


def row(error: TransientError) -> str:
    return f"{error.service} {error.code} {error.fragment}".strip()


# ---- transient errors


@pytest.mark.parametrize("error", TRANSIENT_ERRORS, ids=row)
def test_a_transient_error_is_retried(aws: Aws, endpoint: Endpoint, error: TransientError) -> None:
    endpoint.errors = [(error.code, f"it says {error.fragment} so")] * 3
    CHANGING[error.service](aws)
    assert len(endpoint.requests) == 4


@pytest.mark.parametrize("error", [e for e in TRANSIENT_ERRORS if e.fragment], ids=row)
def test_the_same_code_with_another_message_is_not_retried(aws: Aws, endpoint: Endpoint, error: TransientError) -> None:
    endpoint.errors = [(error.code, "something else")] * 3
    with pytest.raises(ClientError, match="something else"):
        CHANGING[error.service](aws)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("error", [e for e in TRANSIENT_ERRORS if not e.always], ids=row)
@pytest.mark.parametrize("call", [READING, DELETING], ids=["reading", "deleting"])
def test_not_found_is_not_retried_by_calls_that_read_or_delete(
    aws: Aws, endpoint: Endpoint, error: TransientError, call: dict[str, Callable[[Aws], object]]
) -> None:
    endpoint.errors = [(error.code, error.fragment)] * 3
    with pytest.raises(ClientError) as caught:
        call[error.service](aws)
    assert error_code(caught.value) == error.code
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("error", [e for e in TRANSIENT_ERRORS if e.always], ids=row)
def test_an_error_that_is_always_transient_is_retried_by_deletions(
    aws: Aws, endpoint: Endpoint, error: TransientError
) -> None:
    endpoint.errors = [(error.code, error.fragment)] * 2
    DELETING[error.service](aws)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("ec2", "UnauthorizedOperation"),
        ("ec2", "VpcLimitExceeded"),
        ("ec2", "DependencyViolation"),
        ("ec2", "InvalidParameterValue"),
        ("lambda", "ResourceConflictException"),
        ("lambda", "ResourceNotFoundException"),
        ("lambda", "NoSuchEntity"),
        ("iam", "AccessDenied"),
        ("iam", "InvalidVpcID.NotFound"),
        ("iam", "EntityAlreadyExists"),
        ("efs", "FileSystemLimitExceeded"),
        ("api-gateway", "NotFoundException"),
        ("api-gateway", "BadRequestException"),
    ],
)
def test_other_errors_are_not_retried(aws: Aws, endpoint: Endpoint, service: str, code: str) -> None:
    endpoint.errors = [(code, "no")] * 3
    with pytest.raises(ClientError):
        CHANGING[service](aws)
    assert len(endpoint.requests) == 1


def test_retries_end_when_the_error_lasts_longer_than_it_may(
    aws: Aws, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = TransientError("iam", "NoSuchEntity", "", 1.0)
    monkeypatch.setattr(retries, "TRANSIENT_ERRORS", (short,))
    monkeypatch.setattr(retries, "time", Ticking())
    endpoint.errors = [("NoSuchEntity", "no")] * 100
    with pytest.raises(ClientError):
        CHANGING["iam"](aws)
    assert 2 <= len(endpoint.requests) <= 6


def test_an_error_without_a_message_is_handled(aws: Aws, endpoint: Endpoint) -> None:
    endpoint.errors = [("InvalidParameterValue", "")]
    with pytest.raises(ClientError) as caught:
        CHANGING["ec2"](aws)
    error = explain(caught.value)
    assert error
    assert "None" not in error.why


def test_botocore_retries_throttling(aws: Aws, endpoint: Endpoint) -> None:
    endpoint.errors = [("Throttling", "slow down")] * 3
    CHANGING["iam"](aws)
    assert len(endpoint.requests) == 4


def test_an_invocation_is_never_repeated(aws: Aws, endpoint: Endpoint) -> None:
    endpoint.errors = [("TooManyRequestsException", "slow down")] * 3
    with pytest.raises(ClientError):
        aws.invoker.invoke(FunctionName="f")
    assert len(endpoint.requests) == 1
