"""The record of the last proof, and the permissions that it did not need."""

from pathlib import Path

import pytest

from awsprov.config.function import FunctionConfig
from awsprov.config.role_permission import RolePermission
from awsprov.operations.proof_record import ProofRecord, load, record_path, save, unused_permissions

PROVEN = ["dynamodb:GetItem on table/scores", "s3:GetObject on arn:aws:s3:::models/v1/churn.json"]


def function(*lines: str) -> FunctionConfig:
    """A function with these permissions; its other settings are not checked."""
    return FunctionConfig.model_construct(permissions=[RolePermission.parse(line) for line in lines])


@pytest.mark.parametrize(
    ("line", "unused"),
    [
        ("dynamodb:GetItem on table/scores", []),
        ("dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:210987654321:table/scores", []),
        ("dynamodb:GetItem,PutItem on table/scores", ["dynamodb:PutItem on table/scores"]),
        ("dynamodb:GetItem on table/other", ["dynamodb:GetItem on table/other"]),
        ("dynamodb:Get* on table/*", []),
        ("s3:GetObject on arn:aws:s3:::models/*", []),
        ("s3:GetObject on arn:aws:s3:::others/*", ["s3:GetObject on arn:aws:s3:::others/*"]),
        ("sqs:SendMessage on jobs", ["sqs:SendMessage on jobs"]),
        ("arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess", []),
    ],
)
def test_a_permission_that_covers_nothing_that_was_needed_is_unused(line: str, unused: list[str]) -> None:
    assert list(unused_permissions(function(line), ProofRecord(PROVEN, 3, 0.0))) == unused


def test_the_last_proof_of_each_function_is_recorded(tmp_path: Path) -> None:
    path = record_path(tmp_path / "prices.local.json", "prices")
    assert load(path) == {}
    save(path, "scores", PROVEN, 3)
    save(path, "plain", [], 1)
    save(path, "scores", PROVEN[:1], 2)
    assert {name: (each.permissions, each.requests) for name, each in load(path).items()} == {
        "scores": (PROVEN[:1], 2), "plain": ([], 1)
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": {"permissions": ["no"], "requests": 1, "at": 1}}'])
def test_a_record_that_was_changed_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.proofs.json").write_text(text)
    assert load(tmp_path / "x.proofs.json") == {}


def test_the_lines_of_a_proof_are_permissions_of_config_yaml() -> None:
    for line in (*PROVEN, "secretsmanager:GetSecretValue on secret:a-b-??????", "s3:ListAllMyBuckets on *",
                 "sns:Publish on topic", "ssm:GetParameters on parameter/a/b", "lambda:InvokeFunction on function:f",
                 "bedrock:InvokeModel on arn:aws:bedrock:us-east-1::foundation-model/a.b-v1:0",
                 "kms:Decrypt on key/1234"):  # fmt: skip
        assert str(RolePermission.parse(line)) == line
