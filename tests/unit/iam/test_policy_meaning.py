"""Policies are compared by their meaning, as AWS's documentation shows that they are returned."""

from copy import deepcopy
from typing import Any

import pytest

from awsprov.iam.policy_meaning import allowed, in_declared_form, same_meaning

FILE_SYSTEM = "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-01234567"
# EFS user guide, "Resource-based policy examples": read and write access for a role.
EFS = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/Testing_Role"},
            "Action": ["elasticfilesystem:ClientWrite", "elasticfilesystem:ClientMount"],
            "Resource": FILE_SYSTEM,
            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        }
    ]
}
# IAM user guide, "AWS JSON policy elements: Principal": an account may be given in two ways.
ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}],
}
# Lambda developer guide, "Working with resource-based IAM policies": what GetPolicy returns.
LAMBDA = {
    "Version": "2012-10-17",
    "Id": "default",
    "Statement": [
        {
            "Sid": "sns",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:us-east-2:123456789012:function:my-function",
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": "123456789012"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::amzn-s3-demo-bucket"},
            },
        }
    ],
}


def changed(document: dict[str, Any], **elements: Any) -> dict[str, Any]:
    """Return a copy of a document with other elements in its first statement; None removes one."""
    copy = deepcopy(document)
    copy["Statement"][0].update(elements)
    copy["Statement"][0] = {name: value for name, value in copy["Statement"][0].items() if value is not None}
    return copy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EFS, {**changed(EFS, Sid="efs-statement-1"), "Id": "efs-policy-wizard-1", "Version": "2012-10-17"}),
        (EFS, changed(EFS, Action=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"])),
        (EFS, changed(EFS, Action=["elasticfilesystem:clientmount", "elasticfilesystem:CLIENTWRITE"])),
        (EFS, changed(EFS, Resource=[FILE_SYSTEM], Principal={"AWS": ["arn:aws:iam::111122223333:role/Testing_Role"]})),
        (EFS, changed(EFS, Condition={"bool": {"ElasticFileSystem:AccessedViaMountTarget": [True]}})),
        (EFS, {"Statement": EFS["Statement"][0]}),
        (EFS, {"Statement": [*EFS["Statement"], *EFS["Statement"]]}),
        (ACCOUNT, changed(ACCOUNT, Principal={"AWS": ["arn:aws:iam::111122223333:root"]})),
        (changed(ACCOUNT, Principal="*"), changed(ACCOUNT, Principal={"AWS": "*"})),
        (
            changed(ACCOUNT, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::a"}}),
            changed(ACCOUNT, Condition={"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::a"}}),
        ),
        (LAMBDA, {**changed(LAMBDA, Sid="other"), "Id": "mine"}),
    ],
)
def test_policies_of_the_same_meaning_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert same_meaning(one, other)
    assert in_declared_form(_statements(other), _statements(one)) == _statements(one)


def _statements(document: dict[str, Any]) -> list[Any]:
    found = document["Statement"]
    return list(found) if isinstance(found, list) else [found]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EFS, changed(EFS, Effect="Deny")),
        (EFS, changed(EFS, Resource=None)),
        (EFS, changed(EFS, Resource=FILE_SYSTEM.upper())),
        (EFS, changed(EFS, Action="elasticfilesystem:ClientMount")),
        (EFS, changed(EFS, Action=None, NotAction=["elasticfilesystem:ClientWrite", "elasticfilesystem:ClientMount"])),
        (EFS, changed(EFS, Condition=None)),
        (EFS, changed(EFS, Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "false"}})),
        # The role was deleted, and created again: the policy names the old one by its unique id.
        (EFS, changed(EFS, Principal={"AWS": "AROAEXAMPLEEXAMPLE123"})),
        (EFS, changed(EFS, Principal="*")),
        (EFS, {"Statement": []}),
        (ACCOUNT, changed(ACCOUNT, Principal={"AWS": "arn:aws:iam::111122223333:user/root"})),
        (ACCOUNT, changed(ACCOUNT, Principal={"Service": "111122223333"})),
        (LAMBDA, changed(LAMBDA, Condition={"StringEquals": {"AWS:SourceAccount": "123456789012"}})),
    ],
)
def test_policies_of_another_meaning_are_different(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not same_meaning(one, other)
    assert in_declared_form(_statements(other), _statements(one)) != _statements(one)


def test_only_what_differs_is_shown_in_the_words_of_aws() -> None:
    returned = changed(EFS, Sid="efs-statement-1")["Statement"]
    added = {"Sid": "theirs", "Effect": "Allow", "Principal": "*", "Action": "*"}
    assert in_declared_form([added, *returned], EFS["Statement"]) == [*EFS["Statement"], added]


def test_what_a_role_may_do_does_not_depend_on_who_else_may_and_on_what_is_denied() -> None:
    role, other = "arn:aws:iam::111122223333:role/Testing_Role", "arn:aws:iam::111122223333:role/Other"
    declared = _statements(EFS)
    denied = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": FILE_SYSTEM}
    for principal in ("*", {"AWS": [other, role]}, {"AWS": "111122223333"}):
        found = [*_statements(changed(EFS, Principal=principal)), denied]
        assert allowed(found, role) == allowed([*declared, denied], role) == allowed(declared, role) != set()
    assert allowed(_statements(changed(EFS, Principal={"AWS": [other]})), role) == set()
