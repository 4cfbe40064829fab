"""The configurations that are swept on moto: attributes of `Moto`, which are parts of config.yaml."""

import json
from typing import Any

import boto3

from tests.unit.resources.test_existing_network import Theirs, network

Settings = dict[str, str]
BUCKET = "team-state"
SHARED = f"s3://{BUCKET}/awsprov"
_LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_COMPANY = """
file_system: {system}
tags: {tags}
roles: {{boundary: '{boundary}', path: /apps/}}
shared: {shared}
"""


def settings_of(configuration: str, theirs: Theirs, system: str) -> tuple[Settings, Settings]:
    """Return the settings from which `change` starts, and those of all commands.

    Arguments:
        configuration: its name in `points.py`.
        theirs: a network of somebody else, for the configurations with an existing one.
        system: the ID of a file system there.
    """
    if configuration == "nat-instance":
        return {"nat": "single"}, {"nat": "instance, endpoints: [s3, dynamodb]"}
    settings = {"network": network(theirs.private, theirs.group), "builder": f", subnet: {theirs.public}"}
    if configuration == "existing-file-system":
        settings["more"] = f"\nfile_system: {system}\n"
    if configuration == "company":
        before, after = _company(system)
        return settings | before, settings | after
    return settings, settings


def _company(system: str) -> tuple[Settings, Settings]:
    """Create the roles, policies and the bucket of a company. Return its settings, which are changed everywhere."""
    iam = boto3.client("iam")
    boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
    role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=_document(_LAMBDA))["Role"]["Arn"]
    managed, *boundaries = (
        iam.create_policy(PolicyName=name, PolicyDocument=_document(_EVERYTHING))["Policy"]["Arn"]
        for name in ("managed", "first-boundary", "boundary")
    )
    permissions = (f"s3:GetObject on models/*, {managed}", "s3:GetObject on models/*, s3:PutObject on models/*")
    tags = ("{team: risk, old: x}", "{team: fraud, cost-center: '4711'}")
    third = f"third: {{source: src, handler: app.handler, role: '{role}'}}"
    before, after = (
        {
            "api": "type: http, auth: iam",
            "functions": f"    permissions: [{allowed}]\n  {third}\n",
            "more": _COMPANY.format(system=system, tags=tagged, boundary=boundary, shared=SHARED),
        }
        for allowed, tagged, boundary in zip(permissions, tags, boundaries, strict=True)
    )
    return before, after


def _document(statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def iam_of_others() -> list[dict[str, Any]]:
    """Return the roles and policies that are not the stack's, without the counts of their uses."""
    details = boto3.client("iam").get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
    found: list[Any] = [*details["RoleDetailList"], *details["Policies"]]
    others = sorted((each for each in found if "/awsprov/" not in each["Path"]), key=lambda each: str(each["Arn"]))
    return [{key: value for key, value in each.items() if not key.endswith("Count")} for each in others]
