"""The builder: the EC2 instance that installs libraries onto the file system, and its machine image."""

from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.errors import AwsprovError
from awsprov.resources.compute.builder_errors import no_builder, no_session
from awsprov.resources.compute.host_keys import BOOT, host_keys_lost, read_host_keys, tag_host_keys, tagged_host_keys
from awsprov.resources.compute.instances import SECURE_METADATA, Ec2Instance, Image, is_ebs_optimized
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.identity.roles import InstanceProfile
from awsprov.resources.network.existing import ExistingSubnet
from awsprov.resources.network.instance_connect import SSH_PORT, ExistingInstanceConnectEndpoint
from awsprov.resources.network.security_groups import ExistingSecurityGroup, InSecurityGroups, SecurityGroup, listed
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.storage.library_file_system import LibraryFileSystem
from awsprov.ssh.client import Shell
from awsprov.ssh.known_hosts import store_host_keys, stored_host_keys
from awsprov.ssh.login import SshTarget

WhenIdle = Literal["stop", "terminate", "keep"]

USER = "ec2-user"
_LIFETIME = 360  # minutes from the start of the last session; no installation lasts as long
DISK = 20  # GB; environments are built on it before they are copied, and the image's 8 GB are too few for large ones
_EBS: Any = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": DISK, "DeleteOnTermination": True}


@dataclass(eq=False, repr=False)
class Builder(InSecurityGroups, Ec2Instance):
    """The EC2 instance that installs libraries. It accepts SSH from one address range.

    It has a public address if its subnet routes to an internet gateway.

    Arguments:
        image: the machine image.
        instance_type: the instance type, as `t3.small`.
        key_pair: the key pair for SSH.
        subnet: the subnet that it is in.
        security_group: its security group.
        profile: the instance profile with its role.
        file_system: the file system that it mounts.
        when_idle: what to do with it when the libraries are published.
        known_hosts: the file that keeps the host keys that AWS reported at the first boot.
        via: the host through which SSH reaches its private address; empty for none.
        endpoint: the EC2 Instance Connect endpoint through which SSH reaches its private address, if there is one.
        groups: further, existing security groups, which an existing file system lets in.

    Attributes:
        created_here: whether this command created it.
        started_here: whether this command created or started it, so that this command applies the idle policy.
        terminated_here: whether that has terminated it.
    """

    image: Image
    instance_type: str
    _: KW_ONLY
    key_pair: KeyPair | ExistingKeyPair
    subnet: Subnet | ExistingSubnet
    security_group: SecurityGroup
    profile: InstanceProfile
    file_system: LibraryFileSystem
    when_idle: WhenIdle
    known_hosts: Path
    via: str = ""
    endpoint: ExistingInstanceConnectEndpoint | None = None
    groups: tuple[ExistingSecurityGroup, ...] = ()
    created_here: bool = field(default=False, init=False)
    started_here: bool = field(default=False, init=False)
    terminated_here: bool = field(default=False, init=False)

    immutable = frozenset({"instance_type", "ebs_optimized", "key_pair", "subnet", "host_keys"})
    replace_triggered_by = frozenset({"key_pair", "subnet", "security_group", "profile", "file_system"})
    typical_seconds = 30.0
    name_prefix = "builder"
    called, alternative = "the builder", "choose another `builder.instance_type`"

    def tagged_ids(self, aws: Aws) -> list[str]:
        disks = self.describe_cached(aws).get("BlockDeviceMappings", [])
        return [self.id, *(disk["Ebs"]["VolumeId"] for disk in disks if "Ebs" in disk)]

    def create(self, aws: Aws) -> str:
        self.created_here = self.started_here = True
        image = self.image.describe(aws)
        tags: Any = [{"ResourceType": kind, "Tags": aws.tag_list(self.name)} for kind in ("instance", "volume")]
        return aws.ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType=self.instance_type,  # type: ignore[arg-type]  # new types are not in the stubs
            EbsOptimized=is_ebs_optimized(self.instance_type),
            MinCount=1,
            MaxCount=1,
            KeyName=self.key_pair.id,
            IamInstanceProfile={"Name": self.profile.id},
            ClientToken=self.token,
            TagSpecifications=tags,
            # IMDSv2 only, one hop: code that can be made to fetch a URL cannot get the role's credentials.
            MetadataOptions=SECURE_METADATA,
            BlockDeviceMappings=[{"DeviceName": image["RootDeviceName"], "Ebs": _EBS}],
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": self.subnet.id,
                    "Groups": [group.id for group in self.all_groups],
                    "AssociatePublicIpAddress": self.has_public_address(aws),
                    "DeleteOnTermination": True,
                }
            ],
        )["Instances"][0]["InstanceId"]

    def wait(self, aws: Aws) -> None:
        """Return when a new one runs and its host keys are known: its console has them at the first boot only."""
        if self.started_here:
            self.wait_until_running(aws)
        self._host_keys(aws)

    def read(self, aws: Aws) -> Values:
        instance = self.describe_cached(aws)
        known = stored_host_keys(self.known_hosts, self.id) or not host_keys_lost(aws, instance)
        groups = [group["GroupId"] for each in instance["NetworkInterfaces"] for group in each["Groups"]]
        return {
            "instance_type": instance["InstanceType"],
            "ebs_optimized": instance.get("EbsOptimized", False),
            "key_pair": instance.get("KeyName", ""),
            "subnet": instance["SubnetId"],
            "security_group": listed(groups),
            "host_keys": "known" if known else "lost",
        }

    def wanted(self, aws: Aws) -> Values:
        groups = listed(group.id for group in self.all_groups)
        optimized = is_ebs_optimized(self.instance_type)
        return {**self.inputs, "ebs_optimized": optimized, "security_group": groups, "host_keys": "known"}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Set the security groups of its network interface: nothing else is changed in place."""
        (interface,) = self.describe(aws)["NetworkInterfaces"]
        aws.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[group.id for group in self.all_groups]
        )

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
        self.wait_until_running(aws)

    def apply_idle_policy(self, aws: Aws) -> None:
        """Stop it, terminate it or keep it running, as `builder.when_idle` says.

        A new one whose host keys are not known yet is not stopped but terminated: its console shows them after its
        first boot only.
        """
        is_useless = self.created_here and not stored_host_keys(self.known_hosts, self.id)
        if self.when_idle == "terminate" or (self.when_idle == "stop" and is_useless):
            aws.ec2.terminate_instances(InstanceIds=[self.id])
            self.terminated_here = True
        elif self.when_idle == "stop":
            aws.ec2.stop_instances(InstanceIds=[self.id])
        self.started_here = False

    def stop(self, aws: Aws) -> None:
        """Stop it, whatever `builder.when_idle` says, and do not wait; do nothing if it is not running."""
        if self.state(aws) == "pending":
            self.wait_until_running(aws)
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
        address, endpoint = self._address(instance), self.endpoint
        tunnel = (lambda: endpoint.tunnel_url(aws, address)) if endpoint else None
        return SshTarget(self.id, address, port, self._host_keys(aws), self.via, tunnel)

    def _address(self, instance: dict[str, Any]) -> str:
        """Return the address for SSH: the public one, if it has one and nothing is given to reach it through."""
        private = str(instance.get("PrivateIpAddress", ""))
        return private if self.via or self.endpoint else str(instance.get("PublicIpAddress") or private)

    def has_public_address(self, aws: Aws) -> bool:
        """Return whether it gets a public address at its launch."""
        return isinstance(self.subnet, Subnet) or self.subnet.is_public(aws)

    def _host_keys(self, aws: Aws) -> tuple[str, ...]:
        """Return its host keys: those stored here, else those in its tags, else those on its console.

        Raises:
            AwsprovError: they are no longer known.
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

    def _ssh_error(self, aws: Aws) -> AwsprovError:
        """Return the error for a session that cannot be opened, with the state of the instance and its firewall."""
        instance, here = self.describe(aws), aws.address()
        address = f"its address is {self._address(instance) or 'missing'}"
        through = self.endpoint.endpoint if self.endpoint else self.via
        facts = [
            f"instance {self.id} is {self.state(aws)}",
            f"{address}, reached through {through}" if through else address,
            f"this machine's address is {here}; port {SSH_PORT} is open to {', '.join(self._ssh_peers(aws)) or 'none'}",
            f"the key is {self.key_pair.private_key}, for key pair {instance.get('KeyName')}",
        ]
        return no_session(facts)

    def _ssh_peers(self, aws: Aws) -> list[str]:
        """Return the address ranges and the security groups that may connect to the SSH port."""
        rules = [r for r in self.security_group.describe(aws).get("IpPermissions", []) if r.get("FromPort") == SSH_PORT]
        ranges = [peer["CidrIp"] for rule in rules for peer in rule["IpRanges"]]
        return ranges + [peer["GroupId"] for rule in rules for peer in rule["UserIdGroupPairs"]]
