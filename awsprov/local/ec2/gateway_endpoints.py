"""Gateway endpoints: the services that have one, their routes, and their deletion."""

from collections.abc import Iterable
from typing import Any, ClassVar

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from awsprov.local.behaviour import Behaviour, states

_SERVICES = ("s3", "dynamodb")
_INTERFACE = "interface"


class GatewayEndpoints(EC2Backend):  # type: ignore[misc]
    """The part of the EC2 backend for gateway endpoints."""

    behaviour: ClassVar[Behaviour]

    def create_vpc_endpoint(self, vpc_id: str, service_name: str, *arguments: Any, **options: Any) -> Any:
        kind = str(options.get("endpoint_type") or "Gateway")
        if kind != "Gateway":
            return super().create_vpc_endpoint(vpc_id, service_name, *arguments, **options)
        region = self.region_name
        if service_name not in [f"com.amazonaws.{region}.{service}" for service in _SERVICES]:
            raise EC2ClientError("InvalidServiceName", f"The Vpc Endpoint Service '{service_name}' does not exist")
        tables = self._checked_tables(options.pop("route_table_ids", ()), vpc_id, service_name)
        options = {**options, "endpoint_type": kind, "route_table_ids": []}
        endpoint = super().create_vpc_endpoint(vpc_id, service_name, *arguments, **options)
        self._add_routes(endpoint, tables)
        return endpoint

    def modify_vpc_endpoint(self, vpc_id: str, *arguments: Any, **options: Any) -> None:
        (endpoint,) = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])
        added = self._checked_tables(options.pop("add_route_tables", ()), endpoint.vpc_id, endpoint.service_name)
        removed = options.pop("remove_route_tables", ())
        for table in removed or ():
            self.get_route_table(table)  # it raises AWS's error
        options = {**options, "add_route_tables": [], "remove_route_tables": []}
        super().modify_vpc_endpoint(vpc_id, *arguments, **options)
        self._add_routes(endpoint, added)
        self._remove_routes(endpoint, removed or ())

    def delete_vpc_endpoints(self, vpce_ids: list[str] | None = None) -> None:
        for id_ in vpce_ids or []:
            endpoint = self.vpc_end_points.get(id_)
            if endpoint is None or endpoint.vpc_endpoint_type.lower() == _INTERFACE:
                super().delete_vpc_endpoints([id_])
            elif endpoint.state != "deleting":
                endpoint.state = "deleting"
                self.behaviour.timeline.after(states.ENDPOINT_DELETE.seconds, self._endpoint_deleted, id_)

    def delete_route(self, route_table_id: str, *destinations: str | None) -> Any:
        prefixes = next((each for each in destinations if each and each.startswith("pl-")), None)
        routes = self.get_route_table(route_table_id).routes if prefixes else ()
        if any(_endpoint_of(each) and each.destination_prefix_list.id == prefixes for each in routes):
            message = f"cannot remove VPC endpoint route {prefixes} in route table {route_table_id}"
            raise EC2ClientError("InvalidParameterValue", message)
        return super().delete_route(route_table_id, *destinations)

    def delete_route_table(self, route_table_id: str) -> Any:
        deleted = super().delete_route_table(route_table_id)
        for endpoint in self.vpc_end_points.values():
            endpoint.route_table_ids = [table for table in endpoint.route_table_ids or () if table != route_table_id]
        return deleted

    def _checked_tables(self, ids: Iterable[str] | None, vpc_id: str, service: str) -> list[str]:
        """Return the ids of route tables that an endpoint of a service may use."""
        for id_ in ids or ():
            table = self.get_route_table(id_)
            if table.vpc_id != vpc_id:
                raise EC2ClientError("InvalidParameter", f"Route table {id_} does not belong to VPC {vpc_id}")
            for route in table.routes:
                if _endpoint_of(route) and route.destination_prefix_list.prefix_list_name == service:
                    prefixes = route.destination_prefix_list.id
                    message = f"route table {id_} already has a route with destination-prefix-list-id {prefixes}"
                    raise EC2ClientError("RouteAlreadyExists", message)
        return list(ids or ())

    def _add_routes(self, endpoint: Any, tables: list[str]) -> None:
        endpoint.route_table_ids = [*endpoint.route_table_ids, *tables]
        prefixes = endpoint.destination_prefix_list_id
        for table in tables:
            self.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefixes)

    def _remove_routes(self, endpoint: Any, tables: Iterable[str]) -> None:
        endpoint.route_table_ids = [each for each in endpoint.route_table_ids if each not in tables]
        for id_ in tables:
            super().delete_route(id_, endpoint.destination_prefix_list_id)

    def _endpoint_deleted(self, id_: str) -> None:
        endpoint = self.vpc_end_points[id_]
        self._remove_routes(endpoint, list(endpoint.route_table_ids))
        del self.vpc_end_points[id_]


def _endpoint_of(route: Any) -> str:
    """Return the id of the gateway endpoint that a route leads to; empty if it leads elsewhere."""
    gateway = getattr(route.gateway, "id", "")
    return gateway if route.destination_prefix_list and gateway.startswith("vpce-") else ""
