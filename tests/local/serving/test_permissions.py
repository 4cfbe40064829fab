"""Functions make calls with temporary keys of their own role, and policies decide about each of them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from awsprov.local.iam.role_sessions import RoleSession
from tests.local.conftest import LocalCloud
from tests.local.serving.conftest import CONFIG, Lambda, Start, run

CALLER = """
import os
import boto3

def handler(event, context):
    keys = {}
    if event.get("without_token"):
        keys = {"aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"], "aws_session_token": "other"}
    client = boto3.client(event["service"], **keys)
    try:
        answer = getattr(client, event["call"])(**event.get("params", {}))
    except Exception as error:
        return {"code": getattr(error, "response", {}).get("Error", {}).get("Code"), "message": str(error)}
    body = answer.get("Body")
    answer.pop("ResponseMetadata")
    return {"body": body.read().decode()} if body else {"keys": sorted(answer), "arn": answer.get("Arn")}
"""
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def caller(cloud: LocalCloud, module_role: str) -> Iterator[Lambda]:
    lambda_ = Lambda(cloud, module_role, cloud.client("lambda"))
    lambda_.create("caller", CALLER, Timeout=20)
    yield lambda_
    lambda_.client.delete_function(FunctionName="caller")


@pytest.fixture(scope="module")
def module_role(cloud: LocalCloud) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    created = cloud.client("iam").create_role(RoleName="caller", Path="/a/", AssumeRolePolicyDocument=document)
    for name in ("models", "others"):
        cloud.client("s3").create_bucket(Bucket=name)
        cloud.client("s3").put_object(Bucket=name, Key="one", Body=b"model")
    return str(created["Role"]["Arn"])


def allow(cloud: LocalCloud, *statements: dict[str, Any]) -> None:
    """Replace the policy of the role. IAM accepts no policy without statements."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements) or [OTHER]})
    cloud.client("iam").put_role_policy(RoleName="caller", PolicyName="own", PolicyDocument=document)


def call(caller: Lambda, service: str, operation: str, /, **params: Any) -> Any:
    response = caller.invoke("caller", {"service": service, "call": operation, "params": params})
    assert "FunctionError" not in response, response
    return response["Payload"]


READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"}
OTHER = {"Effect": "Allow", "Action": "cloudshell:CreateSession", "Resource": "*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def test_the_session_of_a_function_has_its_name(caller: Lambda) -> None:
    assert call(caller, "sts", "get_caller_identity")["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/caller"


def test_a_function_may_do_what_the_policies_of_its_role_allow(cloud: LocalCloud, caller: Lambda) -> None:
    allow(cloud, READ)
    assert call(caller, "s3", "get_object", Bucket="models", Key="one") == {"body": "model"}
    refused = call(caller, "s3", "get_object", Bucket="others", Key="one")
    assert refused["code"] == "AccessDenied"
    session = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/caller/caller is not authorized to perform: s3:GetObject"
    assert f'{session} on resource: "arn:aws:s3:::others/one" because no identity-based policy' in refused["message"]
    assert call(caller, "dynamodb", "list_tables")["code"] == "AccessDeniedException"


def test_a_key_that_does_not_exist_is_hidden_from_those_who_may_not_list(cloud: LocalCloud, caller: Lambda) -> None:
    allow(cloud, READ)
    assert "s3:ListBucket" in call(caller, "s3", "get_object", Bucket="models", Key="no")["message"]
    allow(cloud, READ, {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::models"})
    assert call(caller, "s3", "get_object", Bucket="models", Key="no")["code"] == "NoSuchKey"


def test_the_policy_of_a_bucket_allows_and_denies(cloud: LocalCloud, caller: Lambda, module_role: str) -> None:
    allow(cloud)
    statement = {"Effect": "Allow", "Principal": {"AWS": module_role}, "Action": "s3:GetObject",
                 "Resource": "arn:aws:s3:::others/*"}  # fmt: skip
    s3 = cloud.client("s3")
    s3.put_bucket_policy(Bucket="others", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert call(caller, "s3", "get_object", Bucket="others", Key="one") == {"body": "model"}
    allow(cloud, EVERYTHING)
    denial = {**statement, "Effect": "Deny", "Principal": "*"}
    s3.put_bucket_policy(Bucket="others", Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    refused = call(caller, "s3", "get_object", Bucket="others", Key="one")
    assert "with an explicit deny in a resource-based policy" in refused["message"]
    s3.delete_bucket_policy(Bucket="others")


def test_a_statement_that_denies_something_to_the_code_of_a_function_applies(cloud: LocalCloud, caller: Lambda) -> None:
    source = {"ArnEquals": {"lambda:SourceFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:caller"}}
    allow(cloud, EVERYTHING, {"Effect": "Deny", "Action": "ec2:Describe*", "Resource": "*", "Condition": source})
    assert call(caller, "ec2", "describe_subnets")["code"] == "UnauthorizedOperation"
    assert "Buckets" in call(caller, "s3", "list_buckets")["keys"]


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("dynamodb.list_tables", {}, None),
        ("sqs.list_queues", {}, None),
        ("sns.list_topics", {}, None),
        ("ssm.get_parameters", {"Names": ["/no"]}, None),
        ("secretsmanager.list_secrets", {}, None),
        ("kms.list_keys", {}, None),
        ("lambda.list_functions", {}, None),
        ("bedrock-runtime.converse", {"modelId": "a.b"}, "NotImplemented"),
        ("events.list_rules", {}, "NotImplemented"),
        ("kinesis.list_streams", {}, "NotImplemented"),
    ],
)
def test_an_administrator_role_may_call_the_services_that_are_judged(
    cloud: LocalCloud, caller: Lambda, operation: str, params: dict[str, Any], code: str | None
) -> None:
    service, _, operation = operation.partition(".")
    allow(cloud, EVERYTHING)
    answer = call(caller, service, operation, **params)
    assert answer.get("code") == code, answer
    allow(cloud)
    assert call(caller, service, operation, **params)["code"]  # refused, whatever the service answers to others


def test_a_service_that_is_not_judged_says_so(cloud: LocalCloud, caller: Lambda) -> None:
    allow(cloud, EVERYTHING)
    assert "events:ListRules is not judged by the local cloud" in call(caller, "events", "list_rules")["message"]
    models = call(caller, "bedrock-runtime", "converse", modelId="a.b")
    assert "not served by the local cloud" in models["message"]


def test_a_role_is_assumed_if_its_trust_policy_says_so(cloud: LocalCloud, caller: Lambda, module_role: str) -> None:
    allow(cloud, EVERYTHING)
    iam = cloud.client("iam")
    for name, principal in (("trusting", module_role), ("closed", f"arn:aws:iam::{ACCOUNT}:role/other")):
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    arn = f"arn:aws:iam::{ACCOUNT}:role/"
    assert "Credentials" in call(caller, "sts", "assume_role", RoleArn=f"{arn}trusting", RoleSessionName="me")["keys"]
    refused = call(caller, "sts", "assume_role", RoleArn=f"{arn}closed", RoleSessionName="me")
    assert refused["code"] == "AccessDenied"


def test_temporary_keys_are_nothing_without_their_token(cloud: LocalCloud, caller: Lambda) -> None:
    allow(cloud, EVERYTHING)
    for service, operation, code in (
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("iam", "list_roles", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ):
        event = {"service": service, "call": operation, "without_token": True}
        assert caller.invoke("caller", event)["Payload"]["code"] == code


def test_a_function_does_not_control_the_local_cloud(cloud: LocalCloud, caller: Lambda) -> None:
    allow(cloud, EVERYTHING)
    source = """
import os, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

def handler(event, context):
    url = os.environ["AWS_ENDPOINT_URL"] + "/_awsprov/calls"
    request = AWSRequest("GET", url)
    SigV4Auth(Session().get_credentials(), "awsprov", "us-east-1").add_auth(request)
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers=dict(request.headers)))
    except urllib.error.HTTPError as error:
        return error.code
"""
    caller.create("curious", source)
    assert caller.invoke("curious")["Payload"] == 403
    caller.client.delete_function(FunctionName="curious")


def test_a_worker_whose_keys_expire_takes_no_further_event(start: Start) -> None:
    worker = start("def handler(event, context): pass")
    run(worker)
    assert worker.alive()
    expired = RoleSession("ASIA", "s", "t", "role", "f", "function", time.time() + CONFIG.timeout - 1)
    object.__setattr__(worker.sandbox, "session", expired)
    assert not worker.alive()


def test_a_function_whose_role_was_deleted_does_not_start(cloud: LocalCloud, caller: Lambda) -> None:
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="gone", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    caller.create("orphaned", Role=arn)
    iam.delete_role(RoleName="gone")
    with pytest.raises(caller.client.exceptions.ClientError, match="cannot be assumed by Lambda"):
        caller.invoke("orphaned")
    caller.client.delete_function(FunctionName="orphaned")
