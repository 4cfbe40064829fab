"""Creates or updates the policies that `awsprov policy` prints, and attaches them to a user, role or group.

They are outside the path of the stack, whose policies a user with the printed policies can change.
"""

import json
from functools import partial
from typing import Any, Literal, get_args

from awsprov.aws.client import Aws
from awsprov.aws.limits import ATTACHED_POLICIES
from awsprov.errors import RefusedError
from awsprov.iam.policy_meaning import same_meaning
from awsprov.resources.missing_ok import IAM_MISSING, none_if_missing

Identity = Literal["user", "role", "group"]
IDENTITIES: tuple[Identity, ...] = get_args(Identity)
POLICIES_PATH = "/awsprov-policies/"
_MAX_VERSIONS = 5  # of a managed policy (IAM quotas)
NEEDED = (
    "iam:GetPolicy, GetPolicyVersion, CreatePolicy, ListPolicyVersions, CreatePolicyVersion, DeletePolicyVersion, and "
    "iam:ListAttached…Policies, Attach…Policy, Detach…Policy"
)


def attach_policies(aws: Aws, documents: list[dict[str, Any]], identity: Identity, name: str) -> list[str]:
    """Attach policies to an identity, and detach those of an earlier call that are no longer needed.

    Arguments:
        aws: the clients, with the name of the stack.
        documents: the policies.
        identity: `user`, `role` or `group`.
        name: the name of the user, role or group.

    Returns:
        the ARNs of the policies.

    Raises:
        RefusedError: the identity would have more policies than IAM attaches. Nothing was changed.
    """
    start = f"arn:{aws.partition}:iam::{aws.account}:policy{POLICIES_PATH}{aws.stack}-{identity}-{name}-"
    arns = [f"{start}{number}" for number in range(1, len(documents) + 1)]
    who = {f"{identity.title()}Name": name}
    attached = _attached(aws, identity, who)
    earlier = {arn for arn in attached if arn.startswith(start) and arn.removeprefix(start).isdigit()}
    _check_quota(len(attached - earlier), len(arns), f"{identity} {name}")
    for arn, document in zip(arns, documents, strict=True):
        _write(aws, arn, document)
        if arn not in attached:
            getattr(aws.iam, f"attach_{identity}_policy")(**who, PolicyArn=arn)
    for arn in sorted(earlier - set(arns)):
        getattr(aws.iam, f"detach_{identity}_policy")(**who, PolicyArn=arn)
    return arns


def _check_quota(others: int, ours: int, who: str) -> None:
    if others + ours > ATTACHED_POLICIES:
        raise RefusedError(
            f"The {who} would have {others + ours} managed policies; IAM attaches at most {ATTACHED_POLICIES}.",
            why=f"It has {others} others, and the permissions are {ours}.",
            remedy="Limit them with --for, detach others, or use a role of its own.",
        )


def _attached(aws: Aws, identity: Identity, who: dict[str, str]) -> set[str]:
    iam: Any = aws.iam  # its stubs ask for a literal name
    pages = iam.get_paginator(f"list_attached_{identity}_policies").paginate(**who)
    return {policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]}


def _write(aws: Aws, arn: str, document: dict[str, Any]) -> None:
    """Create the policy, or give it another version if it is different; the oldest is deleted if there are too many."""
    text = json.dumps(document, separators=(",", ":"))
    found = none_if_missing(partial(aws.iam.get_policy, PolicyArn=arn), missing=IAM_MISSING)
    if not found:
        aws.iam.create_policy(PolicyName=arn.rpartition("/")[2], Path=POLICIES_PATH, PolicyDocument=text)
        return
    current = found["Policy"]["DefaultVersionId"]
    response: Any = aws.iam.get_policy_version(PolicyArn=arn, VersionId=current)  # botocore decodes the document
    if same_meaning(response["PolicyVersion"]["Document"], document):
        return
    versions = aws.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    if len(versions) >= _MAX_VERSIONS:
        oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
        aws.iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
