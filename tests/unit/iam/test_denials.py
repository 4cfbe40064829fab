"""What statements that deny mean for a request whose context is known in part."""

from typing import Any

import pytest

from awsprov.iam.denials import AccessRequest, denials

ROLE = "arn:aws:iam::123456789012:role/awsprov/demo/demo-role"
SYSTEM = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1"
POINT = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-1"
REQUEST = AccessRequest(
    ROLE,
    "elasticfilesystem:ClientMount",
    SYSTEM,
    {"aws:securetransport": "true", "elasticfilesystem:accesspointarn": POINT, "aws:principalarn": ROLE},
)
ALL: Any = {"Effect": "Deny", "Principal": "*", "Action": "*"}


def when(**condition: Any) -> Any:
    return {**ALL, "Condition": condition}


@pytest.mark.parametrize("statement", [
    ALL,
    {**ALL, "Principal": {"AWS": ROLE}},
    {**ALL, "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}},
    {**ALL, "Action": ["elasticfilesystem:client*"], "Resource": SYSTEM},
    {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/other"}, "NotAction": "s3:*"},
    when(StringNotEquals={"elasticfilesystem:AccessPointArn": [f"{POINT}2", f"{POINT}3"]}),
    when(ArnNotLike={"aws:PrincipalArn": "arn:aws:iam::123456789012:role/app/*"}),
    when(Bool={"aws:SecureTransport": "true"}, StringLike={"aws:PrincipalArn": "*/demo-role"}),
    when(Null={"elasticfilesystem:AccessPointArn": False}),
])  # fmt: skip
def test_a_statement_that_denies(statement: Any) -> None:
    assert denials({"Statement": [statement]}, REQUEST) == (["statement 1"], [])


@pytest.mark.parametrize("statement", [
    {**ALL, "Effect": "Allow"},
    {**ALL, "Principal": {"AWS": "arn:aws:iam::123456789012:role/other"}},
    {**ALL, "Action": "elasticfilesystem:ClientRootAccess"},
    {**ALL, "Resource": f"{SYSTEM}2"},
    {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*"},
    when(Bool={"aws:SecureTransport": "false"}),
    when(Bool={"aws:SecureTransport": "false"}, StringEquals={"aws:SourceVpc": "vpc-1"}),
    when(StringNotLike={"elasticfilesystem:AccessPointArn": "*:access-point/*"}),
])  # fmt: skip
def test_a_statement_that_does_not_concern_the_request(statement: Any) -> None:
    assert denials({"Statement": statement}, REQUEST) == ([], [])


@pytest.mark.parametrize("condition", [
    {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}},
    {"ForAllValues:StringEquals": {"aws:PrincipalArn": ROLE}},
])  # fmt: skip
def test_a_condition_that_cannot_be_judged_may_deny(condition: Any) -> None:
    assert denials({"Statement": [{**ALL, "Sid": "Vpc", "Condition": condition}]}, REQUEST) == ([], ["Vpc"])
