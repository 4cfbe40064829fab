"""The builder: the EC2 instance that installs libraries onto the file system, and its machine image."""

from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.errors import AwsprovError
from awsprov.resources.compute.builder_errors import launch_failed, no_builder, no_session
from awsprov.resources.compute.host_keys import BOOT, host_keys_lost, read_host_keys, tag_host_keys, tagged_host_keys
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.identity.roles import InstanceProfile
from awsprov.resources.missing_ok import delete, none_if_missing
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.storage.file_system import FileSystem
from awsprov.ssh.client import Shell, SshTarget
from awsprov.ssh.known_hosts import store_host_keys, stored_host_keys

WhenIdle = Literal["stop", "terminate", "keep"]

# The public parameter that holds the id of the newest Amazon Linux 2023 image (Systems Manager user guide).
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
USER = "ec2-user"
SSH_PORT = 22
_LIFETIME = 360  # minutes from the start of the last session; no installation lasts as long
DISK = 20  # GB; environments are built on it before they are copied, and the image's 8 GB are too few for large ones
_EBS: Any = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": DISK, "DeleteOnTermination": True}


@dataclass(eq=False, repr=False)
class Image(Resource):
    """The builder's machine image: the newest Amazon Linux 2023 at the first `up`, which is kept from then on.

    Arguments:
        architecture: `x86_64` or `arm64`.
    """

    architecture: str

    area = "compute"
    virtual = True

    def find(self, aws: Aws) -> str:
        """Return the recorded image, else that of the existing builder."""
        if self.id:
            return self.id
        builders = Builder.list_owned(aws)
        return next((each["ImageId"] for each in builders if each["Architecture"] == self.architecture), "")

    def create(self, aws: Aws) -> str:
        """Return the id of the newest image; nothing is created."""
        return self._newest(aws)

    def describe(self, aws: Aws) -> Any:
        """Return EC2's description of the image; of the newest one, if it was deregistered since it was chosen.

        Amazon deprecates its images after 90 days, and may deregister them later (Amazon Linux 2023 user guide).
        """
        described = partial(aws.ec2.describe_images, ImageIds=[self.id])
        found = none_if_missing(described, missing=["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"])
        if found and found["Images"]:
            return found["Images"][0]
        return aws.ec2.describe_images(ImageIds=[self._newest(aws)])["Images"][0]

    def _newest(self, aws: Aws) -> str:
        name = IMAGE_PARAMETER.format(architecture=self.architecture)
        return aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]


@dataclass(eq=False, repr=False)
class Builder(Ec2Resource):
    """The EC2 instance that installs libraries. It is in a public subnet and accepts SSH from one address range.

    Arguments:
        image: the machine image.
        instance_type: the instance type, as `t3.small`.
        key_pair: the key pair for SSH.
        subnet: the public subnet that it is in.
        security_group: its security group.
        profile: the instance profile with its role.
        file_system: the file system that it mounts.
        when_idle: what to do with it when the libraries are published.
        known_hosts: the file that keeps the host keys that AWS reported at the first boot.

    Attributes:
        started_here: whether this command created or started it, so that this command applies the idle policy.
    """

    image: Image
    instance_type: str
    _: KW_ONLY
    key_pair: KeyPair | ExistingKeyPair
    subnet: Subnet
    security_group: SecurityGroup
    profile: InstanceProfile
    file_system: FileSystem
    when_idle: WhenIdle
    known_hosts: Path
    started_here: bool = field(default=False, init=False)

    area = "compute"
    resource_type = "instance"
    describe_method = "describe_instances"
    result_key = "Reservations"
    id_key = "InstanceId"
    immutable = frozenset({"instance_type", "key_pair", "subnet", "host_keys"})
    replace_triggered_by = frozenset({"key_pair", "subnet", "security_group", "profile", "file_system"})
    typical_seconds = 30.0

    @classmethod
    def descriptions(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        return [instance for reservation in page["Reservations"] for instance in reservation["Instances"]]

    def tagged_ids(self, aws: Aws) -> list[str]:
        disks = self.describe_cached(aws).get("BlockDeviceMappings", [])
        return [self.id, *(disk["Ebs"]["VolumeId"] for disk in disks if "Ebs" in disk)]

    def create(self, aws: Aws) -> str:
        self.started_here = True
        image = self.image.describe(aws)
        tags: Any = [{"ResourceType": kind, "Tags": aws.tag_list(self.name)} for kind in ("instance", "volume")]
        return aws.ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType=self.instance_type,  # type: ignore[arg-type]  # new types are not in the stubs
            MinCount=1,
            MaxCount=1,
            KeyName=self.key_pair.id,
            IamInstanceProfile={"Name": self.profile.id},
            ClientToken=self.token,
            TagSpecifications=tags,
            # IMDSv2 only, one hop: code that can be made to fetch a URL cannot get the role's credentials.
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
            BlockDeviceMappings=[{"DeviceName": image["RootDeviceName"], "Ebs": _EBS}],
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": self.subnet.id,
                    "Groups": [self.security_group.id],
                    "AssociatePublicIpAddress": True,
                    "DeleteOnTermination": True,
                }
            ],
        )["Instances"][0]["InstanceId"]

    def wait(self, aws: Aws) -> None:
        """Return when a new one runs and its host keys are known: its console has them at the first boot only."""
        if self.started_here:
            self._wait_until_running(aws)
        self._host_keys(aws)

    def read(self, aws: Aws) -> Values:
        instance = self.describe_cached(aws)
        known = stored_host_keys(self.known_hosts, self.id) or not host_keys_lost(aws, instance)
        return {
            "instance_type": instance["InstanceType"],
            "key_pair": instance.get("KeyName", ""),
            "subnet": instance["SubnetId"],
            "host_keys": "known" if known else "lost",
        }

    def wanted(self, aws: Aws) -> Values:
        return {**self.inputs, "host_keys": "known"}

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.ec2.terminate_instances(InstanceIds=[self.id]), missing=["InvalidInstanceID.NotFound"])
        aws.wait_until(lambda: self.state(aws) == "terminated", 1200, f"{self.name} to be terminated")

    def state(self, aws: Aws) -> str:
        """Return its state, as `running` or `stopped`.

        `terminated` also if EC2 does not list it any more, or if the instance of its id is not the stack's.
        """
        instance = self.describe(aws)
        return str(instance["State"]["Name"]) if aws.tagged_name(instance.get("Tags")) else "terminated"

    def start(self, aws: Aws) -> None:
        """Start it if it is stopped; return when it is running.

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
        self._wait_until_running(aws)

    def apply_idle_policy(self, aws: Aws) -> None:
        """Stop it, terminate it or keep it running, as `builder.when_idle` says."""
        if self.when_idle == "stop":
            aws.ec2.stop_instances(InstanceIds=[self.id])
        elif self.when_idle == "terminate":
            aws.ec2.terminate_instances(InstanceIds=[self.id])
        self.started_here = False

    def stop(self, aws: Aws) -> None:
        """Stop it, whatever `builder.when_idle` says, and do not wait; do nothing if it is not running."""
        if self.state(aws) == "pending":
            self._wait_until_running(aws)
        if self.state(aws) == "running":
            aws.ec2.stop_instances(InstanceIds=[self.id])

    def shell(self, aws: Aws) -> Shell:
        """Open an SSH session with it. Its host key must be one that AWS reported.

        The builder then stops itself some hours later, unless `builder.when_idle` is `keep`: a command that was killed
        cannot stop it. Each session sets the timer again.

        Raises:
            AwsprovError: no session could be opened; says what was checked.
        """
        shell = Shell.open(self.ssh_target(aws), USER, self.key_pair.private_key, lambda: self._ssh_error(aws))
        shell.run("sudo shutdown -c" if self.when_idle == "keep" else f"sudo shutdown -P +{_LIFETIME}")
        return shell

    def ssh_target(self, aws: Aws) -> SshTarget:
        """Return its address, its SSH port and its host keys."""
        instance = self.describe(aws)
        tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
        port = int(tags.get("awsprov:ssh-port", SSH_PORT))  # the tag is the local cloud's
        return SshTarget(self.id, str(instance.get("PublicIpAddress", "")), port, self._host_keys(aws))

    def _host_keys(self, aws: Aws) -> tuple[str, ...]:
        """Return its host keys: those stored here, else those in its tags, else those on its console.

        Raises:
            AwsprovError: they are not known any more.
        """
        if known := stored_host_keys(self.known_hosts, self.id):
            return known
        found = tagged_host_keys(self.describe_cached(aws))
        if not found:
            self.on_wait("waiting for the host key on the console, usually 20-40 s")
            found = aws.wait_until(lambda: read_host_keys(aws, self.id), BOOT, "the host key on the builder's console")
            tag_host_keys(aws, self.id, found)
        store_host_keys(self.known_hosts, self.id, found)
        return found

    def _wait_until_running(self, aws: Aws) -> None:
        aws.wait_until(lambda: self._is_running(aws), 600, f"{self.name} to be running")

    def _is_running(self, aws: Aws) -> bool:
        instance = self.describe(aws)
        if instance and not self.is_alive(instance):
            raise launch_failed(instance)
        return self.state(aws) == "running"

    def _ssh_error(self, aws: Aws) -> AwsprovError:
        """Return the error for a session that cannot be opened, with the state of the instance and its firewall."""
        instance, here = self.describe(aws), aws.address()
        facts = [
            f"instance {self.id} is {self.state(aws)}",
            f"its public address is {instance.get('PublicIpAddress') or 'missing'}",
            f"this machine's address is {here}; port {SSH_PORT} is open to {', '.join(self._ssh_peers(aws)) or 'none'}",
            f"the key is {self.key_pair.private_key}, for key pair {instance.get('KeyName')}",
        ]
        return no_session(facts)

    def _ssh_peers(self, aws: Aws) -> list[str]:
        """Return the address ranges that may connect to the SSH port."""
        rules = self.security_group.describe(aws).get("IpPermissions", [])
        return [peer["CidrIp"] for rule in rules if rule.get("FromPort") == SSH_PORT for peer in rule["IpRanges"]]
