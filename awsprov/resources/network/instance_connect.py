"""An EC2 Instance Connect endpoint: through it, SSH reaches private addresses of its VPC."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from awsprov.resources.network.existing import ExistingVpc

SSH_PORT = 22
_SERVICE = "ec2-instance-connect"
_LONGEST = 3600  # seconds that AWS keeps a tunnel at most (AWS CLI, `ec2-instance-connect open-tunnel`)
_USABLE = ("create-complete", "update-in-progress", "update-complete")


@dataclass(eq=False, repr=False)
class ExistingInstanceConnectEndpoint(Existing):
    """An existing EC2 Instance Connect endpoint, in the VPC of the builder.

    Arguments:
        vpc: the VPC.
        endpoint: its id.

    Attributes:
        groups: the ids of its security groups, once it was found.
    """

    vpc: ExistingVpc
    endpoint: str
    groups: tuple[str, ...] = field(default=(), init=False)

    area = "network"

    def _describe(self, aws: Aws) -> Any:
        """Return its description; empty if it does not exist."""
        return aws.cached(f"{self.type} {self.endpoint}", lambda: self._fetch(aws))

    def _fetch(self, aws: Aws) -> Any:
        filters: Any = [{"Name": "instance-connect-endpoint-id", "Values": [self.endpoint]}]
        found = aws.ec2.describe_instance_connect_endpoints(Filters=filters)["InstanceConnectEndpoints"]
        return next(iter(found), {})

    def find(self, aws: Aws) -> str:
        """Return its id if it can be used."""
        if self._problem(aws):
            return ""
        self.groups = tuple(self._describe(aws)["SecurityGroupIds"])
        return self.endpoint

    def _problem(self, aws: Aws) -> str:
        """Return why it cannot be used; empty if it can be."""
        found = self._describe(aws)
        if not found:
            return f"does not exist in {aws.region}"
        if found["State"] not in _USABLE:
            return f"cannot be used: its state is {found['State']}"
        if (vpc := self.vpc.find(aws)) and found["VpcId"] != vpc:
            return f"is in {found['VpcId']}, and the builder's subnet in {vpc}"
        return ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The EC2 Instance Connect endpoint {self.endpoint} {self._problem(aws)}.",
            remedy="Correct `builder.via`: an endpoint of the VPC of `network.subnets`, or a jump host.",
        )

    def tunnel_url(self, aws: Aws, address: str) -> str:
        """Return the signed URL of a tunnel to the SSH port of a private address, for the next minute.

        Source: AWS CLI, `ec2-instance-connect open-tunnel`.
        """
        names = {"instanceConnectEndpointId": self.endpoint, "remotePort": SSH_PORT, "privateIpAddress": address}
        query = urlencode({**names, "maxTunnelDuration": _LONGEST})
        scheme = "ws" if aws.endpoint.startswith("http:") else "wss"
        return aws.presigned_url(_SERVICE, f"{scheme}://{self._describe(aws)['DnsName']}/openTunnel?{query}")
