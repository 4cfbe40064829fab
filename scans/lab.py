"""What is scanned: a project of one function, which `awsprov up` made in a cloud on this machine."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsprov import local
from tests.e2e.projects import Client, Project, clients, lay_out

# An account's own affair, for all its APIs: a role with which API Gateway writes logs (SECURITY.md).
LOGS_ROLE = "arn:aws:iam::123456789012:role/api-gateway-logs"
API = "api: {{type: {}, cors_origin: '*'}}\n"  # as the demo; all else is the default


@dataclass(frozen=True)
class Lab:
    """A stack, and how to ask about it.

    Attributes:
        foreign: what is in the account and no stack made, or is no more: part of an id, and why it is not judged.
    """

    project: Project
    client: Client
    environment: dict[str, str]
    foreign: dict[str, str]
    work: Path


@contextmanager
def stack() -> Iterator[Lab]:
    """A stack, and its end."""
    with tempfile.TemporaryDirectory() as directory:
        state = Path(directory) / "state"
        (state / "local").mkdir(parents=True)
        running = local.start(state / "local")
        try:
            client = clients(running)
            role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": LOGS_ROLE}]
            client("apigateway").update_account(patchOperations=role)
            project = lay_out(Path(directory) / "project", "scanned", state)
            project.timeout = 900
            print("scanned: awsprov up …", file=sys.stderr, flush=True)
            project.config.write_text(project.config.read_text() + API.format("rest"))
            project.run("up", "--yes")
            environment = {**os.environ, **running.environment(), "AWS_DEFAULT_REGION": "us-east-1"}
            yield Lab(project, client, environment, _foreign(client), Path(directory))
        finally:
            local.stop(state / "local")


def _foreign(client: Client) -> dict[str, str]:
    """The account's default VPC with all that is in it, and machines that are no more."""
    ec2 = client("ec2")
    found: dict[str, str] = {}
    for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
        inside: Any = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        parts = [
            *(subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]),
            *(group["GroupId"] for group in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]),
            *(acl["NetworkAclId"] for acl in ec2.describe_network_acls(Filters=inside)["NetworkAcls"]),
        ]
        found |= dict.fromkeys([vpc["VpcId"], *parts], "the account's default VPC")
    gone: Any = [{"Name": "instance-state-name", "Values": ["terminated"]}]
    for reservation in ec2.describe_instances(Filters=gone)["Reservations"]:
        found |= {instance["InstanceId"]: "terminated" for instance in reservation["Instances"]}
    return found
