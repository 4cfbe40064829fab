"""The lines of `permissions`: checked against AWS's service authorization reference, without a call."""

import re

import pytest

from awsprov.aws.authorization_reference import ACTIONS_OF_OPERATIONS, action_names, resource_matches
from awsprov.aws.place import Place
from awsprov.config.loader import load
from awsprov.config.role_permission import RolePermission
from awsprov.errors import UsageError
from tests.unit.conftest import PLAIN, Project

HERE = Place("eu-west-1", "123456789012")
IN_ACCOUNT = "eu-west-1:123456789012"


@pytest.mark.parametrize(
    ("line", "actions", "arn"),
    [
        ("s3:GetObject on arn:aws:s3:::models/*", ["s3:GetObject"], "arn:aws:s3:::models/*"),
        ("s3:GetObject on models/*", ["s3:GetObject"], "arn:aws:s3:::models/*"),
        ("s3:ListBucket on models", ["s3:ListBucket"], "arn:aws:s3:::models"),
        (
            "dynamodb:getitem, PutItem on table/scores",
            ["dynamodb:GetItem", "dynamodb:PutItem"],
            f"arn:aws:dynamodb:{IN_ACCOUNT}:table/scores",
        ),
        ("dynamodb:Query on table/a/index/*", ["dynamodb:Query"], f"arn:aws:dynamodb:{IN_ACCOUNT}:table/a/index/*"),
        (
            "bedrock:InvokeModel on foundation-model/anthropic.*",
            ["bedrock:InvokeModel"],
            "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.*",
        ),
        ("sqs:SendMessage on scores", ["sqs:SendMessage"], f"arn:aws:sqs:{IN_ACCOUNT}:scores"),
        ("s3:Get* on models/*", ["s3:Get*"], "arn:aws:s3:::models/*"),
        ("S3:getobject on models/a$b:c/*", ["s3:GetObject"], "arn:aws:s3:::models/a$b:c/*"),
        ("cloudwatch:PutMetricData on *", ["cloudwatch:PutMetricData"], "*"),
    ],
)
def test_a_line_becomes_a_statement(line: str, actions: list[str], arn: str) -> None:
    permission = RolePermission.parse(line)
    assert permission.statement(HERE) == {"Effect": "Allow", "Action": actions, "Resource": arn}


def test_short_arns_are_of_the_stack_s_own_partition() -> None:
    permission = RolePermission.parse("dynamodb:GetItem on table/scores")
    expected = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/scores"
    assert permission.arn(Place("cn-north-1", "123456789012")) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("s3:GetObjekt on models/*", "`s3:GetObjekt` is not an action of AWS; did you mean `GetObject`?"),
        ("s4:GetObject on models/*", "'s4' is not a service prefix"),
        ("dynamo:GetItem on table/a", "did you mean `dynamodb`?"),
        ("bedrock-runtime:InvokeModel on *", "did you mean `bedrock`?"),
        ("stepfunctions:StartExecution on *", "did you mean `states`?"),
        ("s3:ListObjectsV2 on models", "did you mean `ListBucket`?"),
        ("lambda:Invoke on function:a", "did you mean `InvokeFunction`?"),
        ("s3:GetObject on s3://models/*", "s3:GetObject is not for s3://models/*"),
        ('s3:GetObject on "models/*"', "is not for"),
        ("s3:GetObject on ${BUCKET}/*", "is not for"),
        ("s3:Fetch* on models/*", "is not an action of AWS"),
        ("s3:GetObject on arn:aws:s3:::models", "s3:GetObject is not for arn:aws:s3:::models"),
        ("s3:ListBucket on arn:aws:s3:::models/*", "s3:ListBucket is not for arn:aws:s3:::models/*"),
        (
            "dynamodb:GetItem on tables/scores",
            "it is for arn:{Partition}:dynamodb:{Region}:{Account}:table/{TableName}",
        ),
        ("dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:table/a", "is not for"),
        ("comprehend:DetectSentiment on x", "it can be allowed `on *` only"),
        ("s3:GetObject,s3:PutObject on models/*", "The service prefix is given once"),
        ("s3:GetObject", "should be actions and a resource"),
        ("*:* on *", "should be actions and a resource"),
        ("arn:aws:iam::aws:role/x", "or the ARN of a managed policy"),
        ("", "should be actions and a resource"),
    ],
)
def test_what_aws_does_not_have_is_an_error(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        RolePermission.parse(line)


@pytest.mark.parametrize(
    ("text", "form", "matches"),
    [
        ("*", "${BucketName}", True),
        ("a*", "${BucketName}/${ObjectName}", True),
        ("a/b", "${BucketName}", False),
        ("a/b/c", "${BucketName}/${ObjectName}", True),
        ("a/", "${BucketName}/${ObjectName}", False),
        ("t?ble/x", "table/${TableName}", True),
        ("tables", "table/${TableName}", False),
        ("*" * 60 + "x", "table/${TableName}", True),
    ],
)
def test_wildcards_match_the_forms_that_they_can(text: str, form: str, matches: bool) -> None:
    assert resource_matches(text, form) is matches


ROLE = "arn:aws:iam::123456789012:role/app"
MANAGED = "arn:aws:iam::aws:policy/P"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("permissions: [s3:GetObjekt on a/*]", r"config.yaml:9:19: `functions.predict.permissions.0`: `s3:GetObjekt`"),
        ("permissions: [s3:GetObject on a/*, 7]", r"config.yaml:9:40: .*permissions.1` is `7`; it should be actions"),
        (
            "permissions: ['s3:GetObject on arn:aws-cn:s3:::a/*']",
            r"config.yaml:9:19: .*us-east-1 is in the partition aws",
        ),
        (f"role: {ROLE.replace('aws', 'aws-cn')}", r"config.yaml:9:11: .*is in the partition aws"),
        (f"kms_key: arn:aws-cn:kms:cn-north-1:123456789012:key/{'0' * 8}", r"config.yaml:9:14: .*in the partition aws"),
        ("role: app", r"config.yaml:9:11: `functions.predict.role`"),
        (f"role: {ROLE}\n    permissions: [s3:GetObject on a/*]", r"config.yaml:10:18: .*which is never changed"),
        (
            f"permissions: [{', '.join(f's3:GetObject on {n:0>200}/*' for n in range(30))}]",
            r"config.yaml:9:18: `predict`: its permissions take \d+ characters; IAM allows 6144",
        ),
        (
            f"permissions: [{', '.join(f'{MANAGED}{n}' for n in range(9))}]",
            r"config.yaml:9:18: .*would have 11 policies.*IAM attaches 10",
        ),
    ],
)
def test_errors_have_a_line_and_a_column(project: Project, keys: str, message: str) -> None:
    text = PLAIN.replace("    variables: {LEVEL: INFO}", f"    {keys}")
    with pytest.raises(UsageError) as caught:
        load(project.write(text))
    assert re.search(message, caught.value.why), caught.value.why


def test_the_actions_of_operations_exist() -> None:
    for service, actions in ACTIONS_OF_OPERATIONS.items():
        assert set(actions.values()) <= set(action_names(service))
        assert not set(actions) & set(action_names(service))
