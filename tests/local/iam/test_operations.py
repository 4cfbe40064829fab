"""The authorization requests of the services that functions call: operation, parameters, action and resource."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from awsprov.local.iam.action_rows import ACTION_ROWS
from awsprov.local.iam.actions import _known_actions, actions_of
from awsprov.local.iam.authorization_requests import authorization_requests
from awsprov.local.wire import ApiCall

US = "arn:aws:{}:us-east-1:123456789012:{}"
TABLE, QUEUE, TOPIC = US.format("dynamodb", "table/t"), US.format("sqs", "q"), US.format("sns", "t")
OBJECT, BUCKET = "arn:aws:s3:::bbb/k", "arn:aws:s3:::bbb"


@pytest.fixture(autouse=True)
def account() -> Iterator[None]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="bbb")
        s3.put_object(Bucket="bbb", Key="k", Body=b"x")
        yield


def needed(service: str, operation: str, **params: Any) -> set[tuple[str, str]]:
    call = ApiCall(service, operation, params=params)
    return {(request.action, request.resource) for request in authorization_requests(call, {})}


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        ("ListBuckets", {}, {("s3:ListAllMyBuckets", "*")}),
        ("ListObjectsV2", {"Bucket": "bbb"}, {("s3:ListBucket", BUCKET)}),
        ("HeadBucket", {"Bucket": "bbb"}, {("s3:ListBucket", BUCKET)}),
        ("HeadObject", {"Bucket": "bbb", "Key": "k"}, {("s3:GetObject", OBJECT)}),
        ("GetObject", {"Bucket": "bbb", "Key": "k", "VersionId": "1"}, {("s3:GetObjectVersion", OBJECT)}),
        ("GetObject", {"Bucket": "bbb", "Key": "no"}, {("s3:GetObject", f"{BUCKET}/no"), ("s3:ListBucket", BUCKET)}),
        ("PutObject", {"Bucket": "bbb", "Key": "k", "Tagging": "a=b"},
         {("s3:PutObject", OBJECT), ("s3:PutObjectTagging", OBJECT)}),
        ("UploadPart", {"Bucket": "bbb", "Key": "k"}, {("s3:PutObject", OBJECT)}),
        ("CopyObject", {"Bucket": "bbb", "Key": "k", "CopySource": "c/x%20y"},
         {("s3:PutObject", OBJECT), ("s3:GetObject", "arn:aws:s3:::c/x y")}),
        ("DeleteObjects", {"Bucket": "bbb", "Delete": {"Objects": [{"Key": "k"}, {"Key": "o", "VersionId": "1"}]}},
         {("s3:DeleteObject", OBJECT), ("s3:DeleteObjectVersion", f"{BUCKET}/o")}),
        ("GetBucketPolicy", {"Bucket": "bbb"}, {("s3:GetBucketPolicy", BUCKET)}),
        ("GetObjectTagging", {"Bucket": "bbb", "Key": "k"}, {("s3:GetObjectTagging", OBJECT)}),
    ],
)  # fmt: skip
def test_s3(operation: str, params: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert needed("s3", operation, **params) == expected


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        ("GetItem", {"TableName": "t"}, {("dynamodb:GetItem", TABLE)}),
        ("Query", {"TableName": TABLE, "IndexName": "i"}, {("dynamodb:Query", f"{TABLE}/index/i")}),
        ("BatchGetItem", {"RequestItems": {"t": {}}}, {("dynamodb:BatchGetItem", TABLE)}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "t"}}]},
         {("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", TABLE)}),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "t"}}]}, {("dynamodb:GetItem", TABLE)}),
        ("ExecuteStatement", {"Statement": 'SELECT * FROM "t"."i"'}, {("dynamodb:PartiQLSelect", f"{TABLE}/index/i")}),
        ("BatchExecuteStatement", {"Statements": [{"Statement": "insert into t value {}"}]},
         {("dynamodb:PartiQLInsert", TABLE)}),
        ("ListTables", {}, {("dynamodb:ListTables", "*")}),
    ],
)  # fmt: skip
def test_dynamodb(operation: str, params: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert needed("dynamodb", operation, **params) == expected


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://127.0.0.1:1/123456789012/q"}, {("sqs:SendMessage", QUEUE)}),
        ("sqs", "GetQueueUrl", {"QueueName": "q"}, {("sqs:GetQueueUrl", QUEUE)}),
        ("sns", "PublishBatch", {"TopicArn": TOPIC}, {("sns:Publish", TOPIC)}),
        ("sns", "Publish", {"PhoneNumber": "+1"}, {("sns:Publish", "*")}),
        ("sns", "Unsubscribe", {"SubscriptionArn": f"{TOPIC}:1"}, {("sns:Unsubscribe", TOPIC)}),
        ("ssm", "GetParameters", {"Names": ["/a/b", "c"]},
         {("ssm:GetParameters", US.format("ssm", f"parameter/{name}")) for name in ("a/b", "c")}),
        ("kms", "Encrypt", {"KeyId": "k"}, {("kms:Encrypt", US.format("kms", "key/k"))}),
        ("lambda", "Invoke", {"FunctionName": "f"}, {("lambda:InvokeFunction", US.format("lambda", "function:f"))}),
        ("bedrock-runtime", "Converse", {"modelId": "a.b-v1:0"},
         {("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/a.b-v1:0")}),
        ("bedrock-runtime", "InvokeModelWithResponseStream", {"modelId": "eu.a.b"},
         {("bedrock:InvokeModelWithResponseStream", US.format("bedrock", "inference-profile/eu.a.b"))}),
        ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/r"},
         {("sts:AssumeRole", "arn:aws:iam::123456789012:role/r")}),
    ],
)  # fmt: skip
def test_other_services(service: str, operation: str, params: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert needed(service, operation, **params) == expected


def test_a_secret_is_known_by_its_own_arn_and_its_key_must_be_allowed_too() -> None:
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn = client.create_secret(Name="pass", SecretString="x", KmsKeyId=key)["ARN"]
    assert needed("secretsmanager", "GetSecretValue", SecretId="pass") == {
        ("secretsmanager:GetSecretValue", arn), ("kms:Decrypt", key)
    }  # fmt: skip
    assert ("secretsmanager:GetSecretValue", arn) in needed(
        "secretsmanager", "BatchGetSecretValue", SecretIdList=["pass"]
    )


def test_objects_and_messages_that_a_key_encrypts_need_the_key() -> None:
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    s3, encrypted = boto3.client("s3", region_name="us-east-1"), {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket="bbb", Key="k", Body=b"x", **encrypted)
    place = {"Bucket": "bbb", "Key": "k"}
    assert needed("s3", "GetObject", **place) == {("s3:GetObject", OBJECT), ("kms:Decrypt", key)}
    assert needed("s3", "PutObject", **place, **encrypted) == {("s3:PutObject", OBJECT), ("kms:GenerateDataKey", key)}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="bbb", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert ("kms:GenerateDataKey", key) in needed("s3", "PutObject", **place)
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    assert needed("sqs", "ReceiveMessage", QueueUrl=url) == {("sqs:ReceiveMessage", QUEUE), ("kms:Decrypt", key)}
    assert ("kms:GenerateDataKey", key) in needed("sqs", "SendMessage", QueueUrl=url)


def test_the_key_of_a_ciphertext_is_found() -> None:
    client = boto3.client("kms", region_name="us-east-1")
    arn = client.create_key()["KeyMetadata"]["Arn"]
    blob = client.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    assert needed("kms", "Decrypt", CiphertextBlob=blob) == {("kms:Decrypt", arn)}


@pytest.mark.parametrize(
    ("service", "operation"), [("events", "PutEvents"), ("s3", "RenameObject"), ("dynamodb", ""), ("nothing", "Do")]
)
def test_what_is_not_known_needs_nothing_and_is_refused(service: str, operation: str) -> None:
    assert needed(service, operation) == set()


def test_every_action_of_the_table_is_one_of_aws() -> None:
    for row in ACTION_ROWS:
        for action in row.actions:
            assert action.lower() in _known_actions(action.partition(":")[0]), row
        assert actions_of(*row.operation.split(":")) == row.actions
