"""Who may do what: policies, roles and the builder's instance profile, all under the path `/awsprov/<stack>/`.

IAM's listings carry no tags, so the path is what the stack's own are found by; the tags are written all the same.
"""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.resources.iam import MISSING, IamResource, path
from awsprov.resources.identity.policies import Policy
from awsprov.resources.missing_ok import delete, none_if_missing


@dataclass(eq=False, repr=False)
class Role(IamResource):
    """What a service acts as.

    Arguments:
        service: the service that may take it on, as in `lambda.amazonaws.com`.
        policy: what it may do.
    """

    service: str
    policy: Policy

    listing, members, label, key = "list_roles", "Roles", "RoleName", "RoleName"
    replace_triggered_by = frozenset({"policy"})
    typical_seconds = 10.0

    def create(self, aws: Aws) -> str:
        return aws.iam.create_role(
            RoleName=f"{aws.stack}-{self.name}",
            Path=path(aws),
            AssumeRolePolicyDocument=json.dumps(self._trust(aws)),
            Tags=aws.tag_list(self.name),
        )["Role"]["RoleName"]

    def _trust(self, aws: Aws) -> dict[str, Any]:
        """The service may take it on for this account alone; EC2 does not say for whom it asks (prowler issue 2810)."""
        statement: dict[str, Any] = {
            "Effect": "Allow", "Principal": {"Service": self.service}, "Action": "sts:AssumeRole",
        }  # fmt: skip
        if self.service != "ec2.amazonaws.com":
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": aws.account}}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def arn(self, aws: Aws) -> str:
        """Its ARN."""
        return f"arn:{aws.partition}:iam::{aws.account}:role{path(aws)}{aws.stack}-{self.name}"

    def read(self, aws: Aws) -> Values:
        trust = self.seen(aws).get("AssumeRolePolicyDocument") or self._asked(aws)
        ask = partial(aws.iam.list_attached_role_policies, RoleName=self.id)
        attached = aws.cached(f"attached {self.id}", ask)["AttachedPolicies"]
        return {"trust": trust, "policies": sorted(policy["PolicyArn"] for policy in attached)}

    def _asked(self, aws: Aws) -> Any:
        return aws.wait_until(lambda: self._get(aws), 60, f"{self.name} to show")["AssumeRolePolicyDocument"]

    def _get(self, aws: Aws) -> Any:
        return none_if_missing(lambda: aws.iam.get_role(RoleName=self.id)["Role"], missing=MISSING) or {}

    def wanted(self, aws: Aws) -> Values:
        return {"trust": self._trust(aws), "policies": [self.policy.id]}

    def configure(self, aws: Aws, changes: Differences) -> None:
        if "trust" in changes:
            aws.iam.update_assume_role_policy(RoleName=self.id, PolicyDocument=json.dumps(self._trust(aws)))
        if "policies" in changes:
            aws.iam.attach_role_policy(RoleName=self.id, PolicyArn=self.policy.id)
            for arn in set(changes["policies"][0]) - {self.policy.id}:
                aws.iam.detach_role_policy(RoleName=self.id, PolicyArn=arn)

    def delete(self, aws: Aws) -> None:
        if not self._get(aws):
            return
        for policy in aws.iam.list_attached_role_policies(RoleName=self.id)["AttachedPolicies"]:
            delete(
                aws,
                partial(aws.iam.detach_role_policy, RoleName=self.id, PolicyArn=policy["PolicyArn"]),
                missing=MISSING,
            )
        delete(
            aws, lambda: aws.iam.delete_role(RoleName=self.id), missing=MISSING, in_use=["DeleteConflict"], within=60
        )


@dataclass(eq=False, repr=False)
class InstanceProfile(IamResource):
    """What hands a role to an instance."""

    role: Role

    listing, members, label, key = (
        "list_instance_profiles",
        "InstanceProfiles",
        "InstanceProfileName",
        "InstanceProfileName",
    )
    replace_triggered_by = frozenset({"role"})
    typical_seconds = 10.0

    def create(self, aws: Aws) -> str:
        return aws.iam.create_instance_profile(
            InstanceProfileName=f"{aws.stack}-{self.name}", Path=path(aws), Tags=aws.tag_list(self.name)
        )["InstanceProfile"]["InstanceProfileName"]

    def _roles(self, aws: Aws) -> list[str]:
        seen = self.seen(aws) or aws.wait_until(lambda: self._get(aws), 60, f"{self.name} to show")
        return [role["RoleName"] for role in seen["Roles"]]

    def _get(self, aws: Aws) -> Any:
        ask = partial(aws.iam.get_instance_profile, InstanceProfileName=self.id)
        found = none_if_missing(ask, missing=MISSING)
        return found["InstanceProfile"] if found else {}

    def read(self, aws: Aws) -> Values:
        return {"role": ",".join(self._roles(aws))}

    def configure(self, aws: Aws, changes: Differences) -> None:
        self._empty(aws)
        aws.iam.add_role_to_instance_profile(InstanceProfileName=self.id, RoleName=self.role.id)

    def _empty(self, aws: Aws) -> None:
        for role in self._get(aws).get("Roles", []):
            drop = partial(
                aws.iam.remove_role_from_instance_profile, InstanceProfileName=self.id, RoleName=role["RoleName"]
            )
            delete(aws, drop, missing=MISSING)

    def delete(self, aws: Aws) -> None:
        self._empty(aws)
        drop = partial(aws.iam.delete_instance_profile, InstanceProfileName=self.id)
        delete(aws, drop, missing=MISSING, in_use=["DeleteConflict"], within=60)
