"""The network interfaces that Lambda creates for functions in a VPC: when the stack is deleted, they are waited for."""

from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.identity.roles import Role
from awsprov.resources.network.existing import ExistingSubnet
from awsprov.resources.network.lambda_interfaces import RELEASED_WITHIN, delete_free_interfaces
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.subnets import Subnet


@dataclass(eq=False, repr=False)
class LambdaNetworkInterfaces(Resource):
    """The network interfaces that Lambda creates for the functions of the stack, which share them.

    Lambda creates them with the first function and keeps them for some time after the last one, and until then subnets
    and security group cannot be deleted. So nothing is created here; deleting means to wait until Lambda has released
    them. Lambda does that with a function's role, so the roles are deleted after them (Lambda developer guide, VPC
    networking). The id is the security group's.

    Arguments:
        roles: the functions' roles.
        subnets: the functions' subnets.
        security_group: the functions' security group.
    """

    roles: tuple[Role | ExistingRole, ...]
    subnets: tuple[Subnet | ExistingSubnet, ...]
    security_group: SecurityGroup

    area = "serving"
    virtual = True
    replace_triggered_by = frozenset({"subnets", "security_group"})

    def find(self, aws: Aws) -> str:
        return self.security_group.id

    def create(self, aws: Aws) -> str:
        return self.security_group.id

    def delete(self, aws: Aws) -> None:
        """Return when none is left: 5 to 20 minutes on AWS."""
        waiting_for = "Lambda to release its network interfaces"
        aws.wait_until(lambda: not self._delete_free(aws), RELEASED_WITHIN, waiting_for, maximum_delay=10.0)

    def _delete_free(self, aws: Aws) -> int:
        count = delete_free_interfaces(aws, "group-id", self.id)
        if count:
            self.on_wait(f"{count} network interfaces that Lambda has not released yet, usually 5-20 min")
        return count
