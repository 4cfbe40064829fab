"""The check from the function to the internet: the NAT instance."""

from awsprov.diagnose.context import Context, failure
from awsprov.operations.checks import CheckResult
from awsprov.operations.outbound import nat_failure
from awsprov.resources.compute.nat_instance import NatInstance
from awsprov.resources.network.nat_interface import NatInterface
from awsprov.resources.network.route_tables import RouteTable


def has_nat_instance(context: Context) -> bool:
    """Return whether the stack has a NAT instance."""
    return bool(context.stack.of(NatInstance))


def nat_instance(context: Context) -> CheckResult:
    """Check that the NAT instance runs, that its interface may forward packets, and that private routes lead to it."""
    instances = context.stack.of(NatInstance)
    evidence, remedy = nat_failure(context.stack, context.aws)
    if evidence:
        raise failure(evidence, remedy)
    context.require(context.stack.of(NatInterface), "source_dest_check", "address")
    tables = [table for table in context.stack.of(RouteTable) if isinstance(table.gateway, NatInterface)]
    context.require(tables, "gateway", "subnets")
    return CheckResult("ok", f"{instances[0].id} is running, behind {instances[0].interface.id}")
