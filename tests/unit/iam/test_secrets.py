"""The statements for secrets, judged by the local cloud's evaluation of policies."""

import pytest

from awsprov.aws.place import Place
from awsprov.iam.secrets import read_statements
from awsprov.local.iam.evaluation import AuthorizationRequest, allows

HERE = Place("eu-west-1", "123456789012")
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/prices/key"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prices-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("ssm:GetParameter", PARAMETER, {}, True),
        ("secretsmanager:GetSecretValue", SECRET, {}, True),
        ("ssm:GetParameter", f"{PARAMETER}2", {}, False),
        ("kms:Decrypt", KEY, {"kms:EncryptionContext:PARAMETER_ARN": PARAMETER}, True),
        ("kms:Decrypt", KEY, {"kms:EncryptionContext:SecretARN": SECRET}, True),
        ("kms:Decrypt", KEY, {"kms:EncryptionContext:PARAMETER_ARN": f"{PARAMETER}2"}, False),
        ("kms:Decrypt", KEY, {"kms:EncryptionContext:SecretARN": PARAMETER}, False),
        ("kms:Decrypt", KEY, {}, False),
        ("kms:Encrypt", KEY, {"kms:EncryptionContext:SecretARN": SECRET}, False),
    ],
)
def test_secrets_are_read_and_decrypted_and_nothing_else(
    action: str, resource: str, context: dict[str, str], allowed: bool
) -> None:
    statements = read_statements(HERE, ["ssm:/prices/key", "secretsmanager:prices"])
    assert allows(statements, AuthorizationRequest(action, resource, context)) is allowed


def test_without_secrets_there_are_no_statements() -> None:
    assert read_statements(HERE, []) == []
