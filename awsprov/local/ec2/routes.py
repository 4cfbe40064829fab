"""Whether an instance can connect to the internet: by the default route of its subnet."""

from typing import Any

_ANYWHERE = "0.0.0.0/0"


def reaches_internet(interface: Any) -> bool:
    """Return whether packets of a network interface of moto can reach the internet.

    Through an internet gateway only those with a public address do; through anything else the local cloud assumes it.
    """
    route = _default_route(interface)
    if route is None or route.state != "active":
        return False
    through_gateway = str(getattr(route.gateway, "id", "")).startswith("igw-")
    return bool(interface.public_ip) if through_gateway else True


def _default_route(interface: Any) -> Any:
    """Return the default route of an interface's subnet, whose route table is the VPC's main one by default."""
    ec2, subnet = interface.subnet.ec2_backend, interface.subnet.id
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == interface.subnet.vpc_id]
    own = [table for table in tables if subnet in table._associations.values()]
    main = [table for table in tables if table.main_association_id]
    routes = [route for table in (own or main)[:1] for route in table.routes]
    return next((route for route in routes if route.destination_cidr_block == _ANYWHERE), None)
