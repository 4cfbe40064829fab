"""An account on a cloud that enforces policies: users with certain permissions, and their projects."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsprov import local
from awsprov.config.loader import load
from awsprov.iam.boundary import BOUNDARY_PATH, Boundary
from awsprov.iam.policies import pack
from awsprov.local.iam.evaluation import AuthorizationRequest
from tests.e2e.projects import Client, Project, clients, lay_out


class Away(Project):
    """A project that uses a local cloud as it would use AWS: by its endpoint, with the keys of an IAM user."""

    def words(self, *arguments: str) -> list[str]:
        return [word for word in super().words(*arguments) if word != "--local"]


@dataclass
class Account:
    """A cloud that enforces policies, and what its root user does there."""

    running: local.RunningCloud
    home: Path

    @property
    def client(self) -> Client:
        return clients(self.running)

    def user(self, name: str, statements: list[dict[str, Any]]) -> dict[str, str]:
        """Return the environment of a user with exactly these permissions."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for number, document in enumerate(pack(statements)):
            created = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(document))
            iam.attach_user_policy(UserName=name, PolicyArn=created["Policy"]["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        return {**self.running.environment(), **keys}

    def project(self, name: str, function: str = "", more: str = "") -> Away:
        """A project, whose permissions boundary an administrator has created.

        Arguments:
            function: more lines of its function in config.yaml.
            more: more sections.
        """
        laid_out = lay_out(self.home / name, name, self.home / f"{name}-state")
        laid_out.config.write_text(
            laid_out.config.read_text().replace("    handler:", f"{function}    handler:") + more
        )
        self.client("iam").create_policy(Path=BOUNDARY_PATH, PolicyName=name, PolicyDocument=boundary(laid_out.config))
        return Away(laid_out.home, laid_out.name, laid_out.state_dir)

    def authorization_requests(self) -> list[AuthorizationRequest]:
        return [
            AuthorizationRequest(**each["request"])
            for each in self.running.admin_request("GET", "authorization-requests")["requests"]
        ]


def boundary(config: Path) -> str:
    """The permissions boundary as `awsprov policy --boundary` prints it."""
    return json.dumps(Boundary.of(load(config)).document("123456789012"))


def change(project: Project, command: str) -> None:
    """Change the handler and the libraries, to have something to deploy, from a machine that had no session."""
    if command == "deploy":
        (project.state_dir / "keys" / f"{project.name}.known_hosts").unlink()
        handler = project.home / "lambda_src" / "lambda_function.py"
        handler.write_text(f"{handler.read_text()}# new\n")
        requirements = project.home / "lambda_src" / "requirements.txt"
        requirements.write_text(requirements.read_text().replace("==1.0", "==2.0"))


def create_network(ec2: Any) -> tuple[str, tuple[str, str], str]:
    """Create another team's network; return a public subnet, two private ones, and a security group."""
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public, first, second = (
        str(ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"])
        for n, zone in enumerate(("us-east-1a", "us-east-1a", "us-east-1b"))
    )
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    group = ec2.create_security_group(GroupName="clients", Description="x", VpcId=vpc)["GroupId"]
    return public, (first, second), str(group)
