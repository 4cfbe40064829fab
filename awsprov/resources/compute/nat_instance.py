"""The NAT instance: a small EC2 instance that connects private subnets to the internet, in place of a NAT gateway."""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import AwsprovError
from awsprov.resources.compute.host_keys import console_output
from awsprov.resources.compute.instances import SECURE_METADATA, Ec2Instance, describe_image, newest_image
from awsprov.resources.network.nat_interface import NatInterface
from awsprov.resources.network.subnets import Subnet

ARCHITECTURES = {"t4g.nano": "arm64", "t3.nano": "x86_64"}  # of the instance types, in the order of preference
DISK = 8  # GB: the size of Amazon Linux 2023's image
READY, FAILED = "awsprov-nat: ready", "awsprov-nat: failed"  # lines that its user data prints on the console
_BOOT = 900  # seconds from its launch to READY
_EBS: Any = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": DISK, "DeleteOnTermination": True}


@dataclass(eq=False, repr=False)
class NatMachine(Resource):
    """The instance type and the image of NAT instances: a choice, which is kept. Its id is both, separated by a space.

    The type is the cheapest one that the zone of the subnet offers: t4g.nano, or t3.nano.

    Arguments:
        subnet: the subnet of the instance.
    """

    subnet: Subnet

    area = "network"
    virtual = True
    pausable = True

    def find(self, aws: Aws) -> str:
        """Return the recorded choice, else that of the existing instance."""
        found = [f"{each['InstanceType']} {each['ImageId']}" for each in NatInstance.list_owned(aws)]
        return self.id or next(iter(found), "")

    def create(self, aws: Aws) -> str:
        """Return a choice; nothing is created.

        Raises:
            AwsprovError: the zone offers none of the types.
        """
        filters: Any = [{"Name": "instance-type", "Values": list(ARCHITECTURES)}]
        filters += [{"Name": "location", "Values": [self.subnet.zone]}]
        response = aws.ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=filters)
        offered = {str(offer["InstanceType"]) for offer in response["InstanceTypeOfferings"]}
        for type_, architecture in ARCHITECTURES.items():
            if type_ in offered:
                return f"{type_} {newest_image(aws, architecture)}"
        raise AwsprovError(
            f"{self.subnet.zone} offers neither {' nor '.join(ARCHITECTURES)} for a NAT instance.",
            remedy="Use `network.nat: single`.",
        )

    @property
    def instance_type(self) -> str:
        """The instance type; empty while none is chosen."""
        return self.id.partition(" ")[0]

    @property
    def image(self) -> str:
        """The id of the image; empty while none is chosen."""
        return self.id.partition(" ")[2]


@dataclass(eq=False, repr=False)
class NatInstance(Ec2Instance):
    """A NAT instance. It has no key pair, no role and no open port; EC2's automatic recovery is on, as by default.

    Arguments:
        machine: its instance type and image.
        interface: its network interface.
        cidr: the address range whose packets it forwards.

    Attributes:
        created_here: whether this command created it, so that it waits until the instance forwards packets.
    """

    machine: NatMachine
    interface: NatInterface
    cidr: str
    created_here: bool = field(default=False, init=False)

    area = "network"  # `down --keep-network` keeps it, as it keeps NAT gateways
    immutable = frozenset({"interface"})
    replace_triggered_by = frozenset({"machine", "interface"})
    typical_seconds = 90.0
    pausable = True
    name_prefix = "nat-instance"
    called, alternative = "the NAT instance", "use `network.nat: single`"

    def create(self, aws: Aws) -> str:
        self.created_here = True
        self.on_wait("waiting for its network interface")
        aws.wait_until(lambda: self.interface.describe(aws).get("Status") == "available", 600, _FREE)
        type_ = self.machine.instance_type
        image = describe_image(aws, self.machine.image, ARCHITECTURES[type_])
        tags: Any = [{"ResourceType": kind, "Tags": aws.tag_list(self.name)} for kind in ("instance", "volume")]
        return aws.ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType=type_,  # type: ignore[arg-type]  # one of ARCHITECTURES
            EbsOptimized=True,  # as these types always are
            MinCount=1,
            MaxCount=1,
            ClientToken=self.token,
            TagSpecifications=tags,
            UserData=user_data(self.cidr),
            MetadataOptions=SECURE_METADATA,
            BlockDeviceMappings=[{"DeviceName": image["RootDeviceName"], "Ebs": _EBS}],
            NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": self.interface.id}],
        )["Instances"][0]["InstanceId"]

    def wait(self, aws: Aws) -> None:
        """Return when a new one forwards packets, as it reports on its console."""
        if not self.created_here:
            return
        self.wait_until_running(aws)
        self.on_wait("waiting for it to report on its console, usually 1-2 min")
        aws.wait_until(lambda: self._is_ready(aws), _BOOT, f"{self.name} to forward packets", maximum_delay=10.0)

    def _is_ready(self, aws: Aws) -> bool:
        console = console_output(aws, self.id)
        if FAILED in console:
            raise AwsprovError(
                f"{self.name} could not be set up to forward packets.",
                why=console[console.index(FAILED) :].splitlines()[0],
                remedy=f"`awsprov up --replace {self.name}` creates another; `network.nat: single` needs none.",
            )
        return READY in console

    def read(self, aws: Aws) -> Values:
        instance = self.describe_cached(aws)
        interfaces = [each["NetworkInterfaceId"] for each in instance.get("NetworkInterfaces", [])]
        stopped = instance["State"]["Name"] in ("stopping", "stopped")
        return {"interface": next(iter(interfaces), ""), "state": "stopped" if stopped else "running"}

    def wanted(self, aws: Aws) -> Values:
        return {"interface": self.interface.id, "state": "running"}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Start it: somebody stopped it."""
        aws.wait_until(lambda: self.state(aws) == "stopped", 600, f"{self.name} to be stopped")
        aws.ec2.start_instances(InstanceIds=[self.id])
        self.wait_until_running(aws)


def user_data(cidr: str) -> str:
    """Return the script that cloud-init runs at the first boot of a NAT instance for an address range."""
    script = files("awsprov.resources.compute").joinpath("nat_user_data.sh").read_text(encoding="utf-8")
    return script.replace("@CIDR@", cidr)


_FREE = "the NAT instance's network interface to be free"
