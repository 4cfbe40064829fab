"""One local cloud for all these tests, on a free port in a directory of its own."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from awsprov import local


@dataclass(frozen=True)
class LocalCloud:
    """A running cloud, and clients of it."""

    running: local.RunningCloud

    @property
    def endpoint(self) -> str:
        return self.running.endpoint

    def client(self, service: str, region: str = "us-east-1", **config: Any) -> Any:
        """Return a boto3 client without retries."""
        return boto3.client(  # type: ignore[call-overload]  # any service
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=self.running.key.access_key,
            aws_secret_access_key=self.running.key.secret_key,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60, **config),
        )

    def admin(self, method: str, name: str, **body: Any) -> Any:
        """Call the cloud's own API."""
        return self.running.admin_request(method, name, **body)


VPC_ACCESS = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
MANY = {"vpcs": 500, "internet-gateways": 500, "addresses": 500, "nat-gateways": 500}


@pytest.fixture(scope="session")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LocalCloud]]:
    """A function that starts a cloud, in a new directory or a given one; all are stopped when the tests end."""
    directories: list[Path] = []

    def start(directory: Path | None = None, **options: Any) -> LocalCloud:
        directory = directory or tmp_path_factory.mktemp("cloud")
        directories.append(directory)
        return LocalCloud(local.start(directory, **options))

    yield start
    for directory in directories:
        local.stop(directory)


@pytest.fixture(scope="session")
def cloud(start_cloud: Callable[..., LocalCloud]) -> LocalCloud:
    """The cloud that tests share: without delays, and consistent."""
    started = start_cloud()
    started.admin("POST", "quotas", **MANY)
    return started


@pytest.fixture(scope="session")
def slow_cloud(start_cloud: Callable[..., LocalCloud]) -> LocalCloud:
    """A cloud at pace 0.02, fifty times as fast as AWS, so that tests can observe states."""
    started = start_cloud(pace=0.02)
    started.admin("POST", "quotas", **MANY)
    return started


@dataclass(frozen=True)
class Network:
    """A VPC with an internet gateway, a subnet and a security group."""

    cloud: LocalCloud
    vpc: str
    gateway: str
    subnet: str
    group: str

    @property
    def ec2(self) -> Any:
        return self.cloud.client("ec2")

    def launch(self, **options: Any) -> str:
        images = self.cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
        given = {
            "ImageId": images,
            "InstanceType": "t3.small",
            "SubnetId": self.subnet,
            "SecurityGroupIds": [self.group],
        }
        self.ec2.import_key_pair(KeyName=f"key-{self.vpc}", PublicKeyMaterial=PUBLIC_KEY)
        launched = self.ec2.run_instances(
            **{**given, "KeyName": f"key-{self.vpc}", "MinCount": 1, "MaxCount": 1, **options}
        )
        return str(launched["Instances"][0]["InstanceId"])


IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMDdIYVG7CvXcRgmdTGZjXh9nvS5UOjnTQPaDOEHFr6S test"


def make_network(cloud: LocalCloud) -> Network:
    """Create a network."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="group", Description="x", VpcId=vpc)["GroupId"]
    return Network(cloud, vpc, gateway, subnet, group)


@pytest.fixture
def network(cloud: LocalCloud) -> Network:
    return make_network(cloud)


@pytest.fixture
def slow_network(slow_cloud: LocalCloud) -> Network:
    return make_network(slow_cloud)


@pytest.fixture
def role(cloud: LocalCloud) -> str:
    return make_role(cloud)


def make_role(cloud: LocalCloud, service: str = "lambda", policy: str = VPC_ACCESS) -> str:
    """Create a role that a service can assume, with a policy."""
    iam, name = cloud.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
    if policy:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return arn


def code() -> bytes:
    """Return a ZIP file with a handler."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("app.py", "def handler(event, context):\n    return event\n")
    return buffer.getvalue()


def function(role: str, **options: Any) -> dict[str, Any]:
    """Return arguments for CreateFunction."""
    base = {
        "FunctionName": f"f-{uuid.uuid4().hex[:8]}",
        "Role": role,
        "Handler": "app.handler",
        "Runtime": "python3.12",
    }
    return {**base, "Code": {"ZipFile": code()}, **options}


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until the function returns something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.03)
    return found


@contextmanager
def refused(code: str) -> Iterator[None]:
    """Expect the call to fail with AWS's error code."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
