"""Gateway endpoints, which connect a VPC to S3 and DynamoDB without the internet."""

from dataclasses import dataclass
from typing import Any, Final

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.errors import RUN_AGAIN, AwsprovError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.network.prefix_lists import service_name
from awsprov.resources.network.route_tables import RouteTable
from awsprov.resources.network.vpc import Vpc

_TYPE: Final = "Gateway"
_MISSING = "InvalidVpcEndpointId.NotFound"


@dataclass(eq=False, repr=False)
class GatewayEndpoint(Ec2Resource):
    """A gateway endpoint for S3 or DynamoDB. It is free.

    EC2 adds a route from the service's prefix list to the endpoint to each of its route tables, and removes it again.

    Arguments:
        vpc: the VPC.
        service: `s3` or `dynamodb`.
        route_tables: the route tables that get the route.
    """

    vpc: Vpc
    service: str
    route_tables: tuple[RouteTable, ...]

    resource_type = "vpc-endpoint"
    describe_method = "describe_vpc_endpoints"
    result_key = "VpcEndpoints"
    id_key = "VpcEndpointId"
    immutable = frozenset({"vpc", "service"})

    @classmethod
    def descriptions(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the gateway endpoints in a response. EC2 writes states in lower case; its model has `Available`."""
        found = [each for each in page["VpcEndpoints"] if each["VpcEndpointType"] == _TYPE]
        return [{**each, "State": each.get("State", "").lower()} for each in found]

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_vpc_endpoint(
            VpcId=self.vpc.id,
            VpcEndpointType=_TYPE,
            ServiceName=service_name(aws, self.service),
            RouteTableIds=[table.id for table in self.route_tables],
            ClientToken=self.token,
            TagSpecifications=self.tag_specifications(aws),
        )
        return response["VpcEndpoint"]["VpcEndpointId"]

    def wait(self, aws: Aws) -> None:
        self.wait_for_state(aws, "available", 120)

    def read(self, aws: Aws) -> Values:
        endpoint = self.describe_cached(aws)
        service = endpoint["ServiceName"].rpartition(".")[2]
        return {"vpc": endpoint["VpcId"], "service": service, "route_tables": sorted(endpoint.get("RouteTableIds", []))}

    def wanted(self, aws: Aws) -> Values:
        tables = sorted(table.id for table in self.route_tables)
        return {"vpc": self.vpc.id, "service": self.service, "route_tables": tables}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Change the route tables. One that was deleted meanwhile is no longer in the list, and is not removed."""
        current = set(self.describe_existing(aws).get("RouteTableIds", []))
        wanted = {table.id for table in self.route_tables}
        aws.ec2.modify_vpc_endpoint(
            VpcEndpointId=self.id,
            AddRouteTableIds=sorted(wanted - current),
            RemoveRouteTableIds=sorted(current - wanted),
        )

    def delete(self, aws: Aws) -> None:
        """Return when it is deleted: until then its VPC is in use. EC2 reports errors in the response."""
        for each in aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.id])["Unsuccessful"]:
            error: Any = each.get("Error", {})
            if error.get("Code") != _MISSING:
                why = f"{error.get('Code')}: {error.get('Message')}"
                raise AwsprovError(
                    f"EC2 did not delete {self.name}.", why=why, remedy=RUN_AGAIN, aws_code=str(error.get("Code", ""))
                )
        aws.wait_until(
            lambda: self.describe(aws).get("State", "deleted") == "deleted", 600, f"{self.name} to be deleted"
        )
