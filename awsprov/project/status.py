"""The status of a stack: its resources, the health of its functions, and their URLs."""

from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.operations.endpoints import Endpoint, list_endpoints
from awsprov.operations.function_health import Health, health
from awsprov.operations.outbound import nat_failure, outbound_addresses
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.nat_instance import NatInstance


@dataclass(frozen=True)
class Status:
    """A stack as AWS reports it.

    Arguments:
        paused: whether the stack is paused.
        resources: the resources that exist.
        missing: names of the resources that should exist and do not.
        instances: the EC2 state of the builder and of the NAT instance, by name.
        functions: the health of each function that exists, by name.
        routes: the routes of the API with their URLs.
        addresses: the public addresses from which the functions call out.
        nat_failure: why the NAT instance forwards nothing, and what to do about it; empty without a reason.
    """

    paused: bool
    resources: list[Resource]
    missing: list[str]
    instances: dict[str, str]
    functions: dict[str, Health]
    routes: list[Endpoint]
    addresses: list[str]
    nat_failure: str

    @property
    def only_data(self) -> bool:
        """Whether nothing exists but what holds data, as after `down --keep-data`."""
        return all(r.stateful for r in self.resources)


def stack_status(stack: Stack, aws: Aws, config: Config) -> Status:
    """Return the status of a stack, whose resources have been found."""
    return Status(
        paused=config.paused,
        resources=stack.present,
        missing=[r.name for r in stack if not r.id and not r.virtual],
        instances={r.name: r.state(aws) for r in (*stack.of(Builder), *stack.of(NatInstance)) if r.id.startswith("i-")},
        functions=health(stack, aws),
        routes=list_endpoints(stack, aws, config),
        addresses=outbound_addresses(stack, aws),
        nat_failure=" ".join(nat_failure(stack, aws)).strip(),
    )
