"""The builder: the EC2 instance that installs libraries onto the file system, its key pair and its image."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.errors import AwsprovError, NoStackError
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.identity.roles import InstanceProfile
from awsprov.resources.missing_ok import delete
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.vpc import Subnet
from awsprov.resources.storage.file_system import FileSystem
from awsprov.ssh.client import Shell, SshTarget, store_host_keys, stored_host_keys

WhenIdle = Literal["stop", "terminate", "keep"]

# Amazon's own name for the newest Amazon Linux 2023 (SSM public parameters).
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
USER = "ec2-user"
SSH_PORT = 22
DISK = 20  # GB: the image's 8 are few for several large environments, built here before they are copied
_HOST_KEYS = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)


@dataclass(eq=False, repr=False)
class Image(Resource):
    """The builder's machine image: the newest Amazon Linux 2023 at the first `up`, and that one from then on."""

    architecture: str

    area = "compute"
    virtual = True

    def find(self, aws: Aws) -> str:
        """The recorded choice, else the one that the builder shows."""
        if self.id:
            return self.id
        builders = Builder.listed(aws)
        return next((seen["ImageId"] for seen in builders if seen["Architecture"] == self.architecture), "")

    def create(self, aws: Aws) -> str:
        """Ask for its id; makes nothing."""
        name = IMAGE_PARAMETER.format(architecture=self.architecture)
        return aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]


@dataclass(eq=False, repr=False)
class Builder(Ec2Resource):
    """The instance that installs libraries: in a public subnet, reached over SSH from one address, at rest otherwise.

    Arguments:
        when_idle: what becomes of it once the libraries are published.
        known_hosts: the file that keeps the host key which AWS told at the first boot.

    Attributes:
        woken: whether this command made or started it, so that it is this command's to send to rest.
    """

    image: Image
    instance_type: str
    key_pair: KeyPair | ExistingKeyPair
    subnet: Subnet
    group: SecurityGroup
    profile: InstanceProfile
    file_system: FileSystem
    when_idle: WhenIdle
    known_hosts: Path
    started_here: bool = field(default=False, init=False)

    area = "compute"
    kind, describe, listing, key = "instance", "describe_instances", "Reservations", "InstanceId"
    immutable = frozenset({"instance_type", "key_pair", "subnet"})
    replace_triggered_by = frozenset({"key_pair", "subnet", "group", "profile", "file_system"})  # the last is mounted
    typical_seconds = 30.0

    @classmethod
    def unfold(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        return [instance for reservation in page["Reservations"] for instance in reservation["Instances"]]

    def create(self, aws: Aws) -> str:
        self.started_here = True
        root = aws.ec2.describe_images(ImageIds=[self.image.id])["Images"][0]["RootDeviceName"]
        tags: Any = [{"ResourceType": kind, "Tags": aws.tag_list(self.name)} for kind in ("instance", "volume")]
        return aws.ec2.run_instances(
            ImageId=self.image.id,
            InstanceType=self.instance_type,  # type: ignore[arg-type]
            MinCount=1,
            MaxCount=1,
            KeyName=self.key_pair.id,
            IamInstanceProfile={"Name": self.profile.id},
            ClientToken=self.token,
            TagSpecifications=tags,
            # Session tokens only, and none beyond the instance itself: no web page fetched there can steal its role.
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
            BlockDeviceMappings=[{"DeviceName": root, "Ebs": _disk()}],
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": self.subnet.id,
                    "Groups": [self.group.id],
                    "AssociatePublicIpAddress": True,
                    "DeleteOnTermination": True,
                }
            ],
        )["Instances"][0]["InstanceId"]

    def wait(self, aws: Aws) -> None:
        if self.started_here:
            self._until(aws, "running")

    def read(self, aws: Aws) -> Values:
        seen = self.seen(aws)
        return {"instance_type": seen["InstanceType"], "key_pair": seen.get("KeyName", ""), "subnet": seen["SubnetId"]}

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.ec2.terminate_instances(InstanceIds=[self.id]), missing=["InvalidInstanceID.NotFound"])
        aws.wait_until(lambda: self.state(aws) == "terminated", 1200, f"{self.name} to be terminated")

    def state(self, aws: Aws) -> str:
        """`running`, `stopped` and so on; `terminated` also when EC2 has forgotten it."""
        return str(self.now(aws).get("State", {}).get("Name", "terminated"))

    def start(self, aws: Aws) -> None:
        """Have it running; a stopped one is started.

        Raises:
            NoStackError: there is no builder.
        """
        state = self.state(aws) if self.id else "terminated"
        if state == "terminated":
            raise no_builder()
        if state in ("stopping", "stopped"):
            self.started_here = True
            aws.wait_until(lambda: self.state(aws) == "stopped", 600, f"{self.name} to be stopped")
            self.on_wait("starting the builder")
            aws.ec2.start_instances(InstanceIds=[self.id])
        self._until(aws, "running")

    def rest(self, aws: Aws) -> None:
        """Send it to rest, as configured."""
        if self.when_idle == "stop":
            aws.ec2.stop_instances(InstanceIds=[self.id])
        elif self.when_idle == "terminate":
            aws.ec2.terminate_instances(InstanceIds=[self.id])
        self.started_here = False

    def stop(self, aws: Aws) -> None:
        """Have it stopped, or on the way there, whatever is configured; one that is terminated stays so."""
        if self.state(aws) == "pending":
            self._until(aws, "running")
        if self.state(aws) == "running":
            aws.ec2.stop_instances(InstanceIds=[self.id])

    def shell(self, aws: Aws) -> Shell:
        """An SSH session with it; its host key is the one that AWS told.

        Raises:
            AwsprovError: no session comes up; says what was looked at.
        """
        return Shell.open(self.ssh_target(aws), USER, self.key_pair.private_key, lambda: self._diagnosis(aws))

    def ssh_target(self, aws: Aws) -> SshTarget:
        """Where it answers, and the host keys that it must show."""
        seen = self.now(aws)
        tags = {tag["Key"]: tag["Value"] for tag in seen.get("Tags", [])}
        port = int(tags.get("awsprov:ssh-port", SSH_PORT))
        return SshTarget(self.id, str(seen.get("PublicIpAddress", "")), port, self._host_keys(aws))

    def _host_keys(self, aws: Aws) -> tuple[str, ...]:
        """Host keys as cloud-init prints them on the console at the first boot only: kept here from then on."""
        if known := stored_host_keys(self.known_hosts, self.id):
            return known
        self.on_wait("waiting for the host key on the console, usually 20-40 s")
        told = aws.wait_until(lambda: self._told(aws), 600, "the host key on the builder's console")
        store_host_keys(self.known_hosts, self.id, told)
        return told

    def _told(self, aws: Aws) -> tuple[str, ...]:
        output = aws.ec2.get_console_output(InstanceId=self.id, Latest=True).get("Output", "")
        return host_keys(output)

    def _until(self, aws: Aws, state: str) -> None:
        aws.wait_until(lambda: self.state(aws) == state, 600, f"{self.name} to be {state}")

    def _diagnosis(self, aws: Aws) -> AwsprovError:
        """Why SSH may not come up: the instance, its address, its firewall, in this order."""
        seen, here = self.now(aws), aws.address()
        found = [
            f"instance {self.id} is {self.state(aws)}",
            f"public address {seen.get('PublicIpAddress') or 'none'}",
            f"this machine comes from {here}; port {SSH_PORT} is open to {', '.join(self._let_in(aws)) or 'nobody'}",
            f"key {self.key_pair.private_key} for key pair {seen.get('KeyName')}",
        ]
        remedy = "If this machine's address has changed, `awsprov up` opens the port to the new one."
        return AwsprovError("No SSH session with the builder came up.", why="; ".join(found) + ".", remedy=remedy)

    def _let_in(self, aws: Aws) -> list[str]:
        rules = self.group.now(aws).get("IpPermissions", [])
        return [peer["CidrIp"] for rule in rules if rule.get("FromPort") == SSH_PORT for peer in rule["IpRanges"]]


def no_builder() -> NoStackError:
    """The error of who needs a builder where there is none."""
    return NoStackError(
        "There is no builder.",
        why="With `builder.when_idle: terminate` there is one only until the libraries are published.",
        remedy="`awsprov up` makes one for new libraries; `builder.when_idle: stop` keeps it.",
    )


def _disk() -> Any:
    return {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": DISK, "DeleteOnTermination": True}


def host_keys(console: str) -> tuple[str, ...]:
    """The host keys between cloud-init's marks on a console, each as `type base64`."""
    block = _HOST_KEYS.search(console)
    lines = block.group(1).replace("\r", "").split("\n") if block else []
    return tuple(" ".join(line.split()[:2]) for line in lines if line.strip())
