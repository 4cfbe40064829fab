"""`awsprov policy`: JSON on stdout, without a call where the account is given."""

import json

import pytest

from tests.unit.cli.conftest import Call


@pytest.mark.usefixtures("project")
def test_it_prints_a_policy_without_any_call(awsprov: Call) -> None:
    result = awsprov("policy", "--for", "deploy,read", "--account", "123456789012")
    assert result.code == 0
    found = json.loads(result.out)
    assert {statement["Effect"] for statement in found["Statement"]} == {"Allow"}
    assert "lambda:UpdateFunctionCode" in result.out
    assert "lambda:CreateFunction" not in result.out
    assert "fits a managed policy." in result.err


@pytest.mark.usefixtures("project")
def test_a_stage_has_its_own(awsprov: Call) -> None:
    result = awsprov("policy", "--stage", "prod", "--account", "123456789012")
    assert "role/awsprov/demo-prod/*" in result.out
    assert "role/awsprov/demo/*" not in result.out
    assert "3 managed policies of" in result.err
    assert len(json.loads(result.out)) == 3


@pytest.mark.usefixtures("project")
def test_it_prints_one_of_several_policies(awsprov: Call) -> None:
    whole = json.loads(awsprov("policy", "--account", "123456789012").out)
    assert json.loads(awsprov("policy", "--account", "123456789012", "--part", "2").out) == whole[1]
    refused = awsprov("policy", "--account", "123456789012", "--part", "4")
    assert refused.code == 2
    assert "There is no part 4." in refused.err


@pytest.mark.usefixtures("project")
def test_it_prints_the_trust_of_a_ci_job(awsprov: Call) -> None:
    result = awsprov("policy", "--trust", "github:octo/prices@main", "--account", "123456789012")
    assert json.loads(result.out)["Statement"][0]["Action"] == "sts:AssumeRoleWithWebIdentity"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--for", "up,dwon"), "--for: unknown dwon."),
        (("--trust", "gitlab:octo/prices@environment:prod"), "GitLab's tokens does not contain"),
        (("--trust", "github:octo/*"), "is not a repository"),
        (("--account", "12345"), "is not an account id"),
    ],
)
def test_invalid_arguments_are_reported(awsprov: Call, arguments: tuple[str, ...], expected: str) -> None:
    result = awsprov("policy", *arguments)
    assert (result.code, result.out) == (2, "")
    assert expected in result.err


@pytest.mark.usefixtures("project")
def test_it_prints_the_boundary_and_how_to_create_it(awsprov: Call) -> None:
    result = awsprov("policy", "--boundary", "--account", "123456789012")
    actions = {action for statement in json.loads(result.out)["Statement"] for action in statement["Action"]}
    assert {"logs:PutLogEvents", "elasticfilesystem:ClientMount"} <= actions
    assert not any(action.startswith(("iam:", "lambda:")) for action in actions)
    assert "aws iam create-policy --path /awsprov-boundary/ --policy-name demo " in result.err
    assert "--policy-arn arn:aws:iam::123456789012:policy/awsprov-boundary/demo --set-as-default" in result.err
