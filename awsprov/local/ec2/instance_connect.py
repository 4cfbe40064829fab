"""EC2 Instance Connect endpoints, which moto lacks: their records. `daemon.tunnels` carries their connections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import generic_filter, random_id

from awsprov.local.behaviour import Behaviour, states
from awsprov.local.cloud import ACCOUNT

_RESOURCE_TYPE = "instance-connect-endpoint"


@dataclass(eq=False)
class InstanceConnectEndpoint(TaggedEC2Resource):  # type: ignore[misc]
    """An endpoint. The names of its attributes are those of filters, as moto expects.

    Arguments:
        ec2_backend: moto's backend.
        id: its id.
        interface: moto's record of its network interface.
        preserve_client_ip: whether connections come from the client's address.
        created: when it was created.
    """

    ec2_backend: Any
    id: str
    interface: Any
    preserve_client_ip: bool
    created: datetime
    state: str = ""

    @property
    def instance_connect_endpoint_id(self) -> str:
        return self.id

    @property
    def subnet_id(self) -> str:
        return str(self.interface.subnet.id)

    @property
    def vpc_id(self) -> str:
        return str(self.interface.subnet.vpc_id)

    def description(self, dns_name: str) -> dict[str, Any]:
        """Return it as EC2 describes it."""
        region = self.ec2_backend.region_name
        return {
            "OwnerId": ACCOUNT,
            "InstanceConnectEndpointId": self.id,
            "InstanceConnectEndpointArn": f"arn:aws:ec2:{region}:{ACCOUNT}:{_RESOURCE_TYPE}/{self.id}",
            "State": self.state,
            "DnsName": dns_name,
            "NetworkInterfaceIds": [self.interface.id],
            "VpcId": self.vpc_id,
            "AvailabilityZone": self.interface.subnet.availability_zone,
            "CreatedAt": self.created,
            "SubnetId": self.subnet_id,
            "PreserveClientIp": self.preserve_client_ip,
            "SecurityGroupIds": [group.id for group in self.interface.group_set],
            "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in self.get_tags()],
        }


class InstanceConnectEndpoints(EC2Backend):  # type: ignore[misc]
    """The part of the EC2 backend for EC2 Instance Connect endpoints."""

    behaviour: ClassVar[Behaviour]

    @property
    def connect_endpoints(self) -> dict[str, InstanceConnectEndpoint]:
        """The endpoints of the region, by id. A state that an earlier version saved has none."""
        found: dict[str, InstanceConnectEndpoint] = self.__dict__.setdefault("_connect_endpoints", {})
        return found

    def create_connect_endpoint(self, subnet: str, groups: list[str], tags: dict[str, str], *, preserve: bool) -> Any:
        """Create an endpoint with a network interface in a subnet. Without groups, it has the VPC's default one."""
        vpc = self.get_subnet(subnet).vpc_id
        groups = groups or [self.get_default_security_group(vpc).id]
        interface = self.create_network_interface(subnet, "", group_ids=groups)
        endpoint = InstanceConnectEndpoint(self, random_id("eice"), interface, preserve, utcnow())
        interface.description = f"EC2 Instance Connect Endpoint - {endpoint.id}"
        interface.status, interface.requester_managed = "in-use", True
        endpoint.add_tags(tags)
        self.connect_endpoints[endpoint.id] = endpoint
        self.behaviour.start_transition(endpoint, "state", states.CONNECT_ENDPOINT_CREATE)
        return endpoint

    def describe_connect_endpoints(self, ids: list[str], filters: Any) -> list[InstanceConnectEndpoint]:
        """Return the endpoints with these ids, or all, to which filters apply."""
        chosen = [self._connect_endpoint(each) for each in ids] or list(self.connect_endpoints.values())
        return list(generic_filter(filters, chosen))

    def delete_connect_endpoint(self, id_: str) -> InstanceConnectEndpoint:
        """Delete an endpoint, with its network interface."""
        endpoint = self._connect_endpoint(id_)
        if endpoint.state != "delete-in-progress":
            endpoint.state = "delete-in-progress"
            self.behaviour.timeline.after(states.CONNECT_ENDPOINT_DELETE.seconds, self._connect_endpoint_deleted, id_)
        return endpoint

    def _connect_endpoint(self, id_: str) -> InstanceConnectEndpoint:
        if id_ not in self.connect_endpoints:
            message = f"The instance connect endpoint ID '{id_}' does not exist"
            raise EC2ClientError("InvalidInstanceConnectEndpointId.NotFound", message)
        return self.connect_endpoints[id_]

    def _connect_endpoint_deleted(self, id_: str) -> None:
        endpoint = self.connect_endpoints.pop(id_)
        self.delete_network_interface(endpoint.interface.id)


class _Responses(EC2BaseResponse):  # type: ignore[misc]
    """The responses of the operations, which `install` adds to moto's response class."""

    dns_name: ClassVar[str]

    def create_instance_connect_endpoint(self) -> ActionResult:
        subnet, groups = self._get_param("SubnetId"), self._get_param("SecurityGroupIds", [])
        tags = self._parse_tag_specification().get(_RESOURCE_TYPE, {})
        preserve = bool(self._get_bool_param("PreserveClientIp"))
        return _one(self.ec2_backend.create_connect_endpoint(subnet, groups, tags, preserve=preserve))

    def describe_instance_connect_endpoints(self) -> ActionResult:
        ids, filters = self._get_param("InstanceConnectEndpointIds", []), self._filters_from_querystring()
        found = self.ec2_backend.describe_connect_endpoints(ids, filters)
        return ActionResult({"InstanceConnectEndpoints": [each.description(_Responses.dns_name) for each in found]})

    def delete_instance_connect_endpoint(self) -> ActionResult:
        return _one(self.ec2_backend.delete_connect_endpoint(self._get_param("InstanceConnectEndpointId")))


def _one(endpoint: InstanceConnectEndpoint) -> ActionResult:
    return ActionResult({"InstanceConnectEndpoint": endpoint.description(_Responses.dns_name)})


def install(dns_name: str) -> None:
    """Add the operations to moto's EC2. Call it before moto's first use.

    Arguments:
        dns_name: the name of all endpoints, with the port of their server.
    """
    _Responses.dns_name = dns_name
    for verb, noun in (("create", "endpoint"), ("describe", "endpoints"), ("delete", "endpoint")):
        name = f"{verb}_instance_connect_{noun}"
        setattr(EC2Response, name, getattr(_Responses, name))
