"""The stack that is scanned: a project of one function, which `awsprov up` creates in a local cloud."""

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

# The role with which API Gateway writes logs. It belongs to the account, not to a stack (SECURITY.md).
LOGS_ROLE = "arn:aws:iam::123456789012:role/api-gateway-logs"
API = "api: {{type: {}, cors_origin: '*'}}\n"  # as in the demo; everything else is the default


@dataclass(frozen=True)
class Lab:
    """A stack, and clients for the cloud that it is in.

    Attributes:
        foreign: ids of resources that do not belong to the stack, each with the reason why they are not counted.
    """

    project: Project
    client: Client
    environment: dict[str, str]
    foreign: dict[str, str]
    work: Path


@contextmanager
def stack() -> Iterator[Lab]:
    """Create a stack, and delete it with its cloud at the end."""
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
    """Return the ids of the account's default VPC, of everything in it, and of terminated instances."""
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
    terminated: Any = [{"Name": "instance-state-name", "Values": ["terminated"]}]
    for reservation in ec2.describe_instances(Filters=terminated)["Reservations"]:
        found |= {instance["InstanceId"]: "terminated" for instance in reservation["Instances"]}
    return found
