"""Elastic IP addresses: the stack's own, and one that exists."""

from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete


@dataclass(eq=False, repr=False)
class ElasticIp(Ec2Resource):
    """An elastic IP address: a public IPv4 address that stays the same."""

    resource_type = "elastic-ip"
    describe_method = "describe_addresses"
    result_key = "Addresses"
    id_key = "AllocationId"
    idempotent_create = False
    pausable = True

    def create(self, aws: Aws) -> str:
        return aws.ec2.allocate_address(Domain="vpc", TagSpecifications=self.tag_specifications(aws))["AllocationId"]

    def delete(self, aws: Aws) -> None:
        """Release the address if it is still the account's: a second release could hit its next owner's."""
        if self.describe(aws):
            missing = ["InvalidAllocationID.NotFound"]
            delete(aws, lambda: aws.ec2.release_address(AllocationId=self.id), missing=missing, in_use=IN_USE)

    def public_ip(self, aws: Aws) -> str:
        """Return the address."""
        return str(self.describe_cached(aws).get("PublicIp", ""))


@dataclass(eq=False, repr=False)
class ExistingElasticIp(Existing):
    """An elastic IP address that exists on AWS and is not released with the stack.

    Arguments:
        allocation: its allocation id.
    """

    allocation: str

    area = "network"
    pausable = True  # it is looked up again for the gateway that `resume` creates

    def _describe(self, aws: Aws) -> Any:
        """Return its description; empty if it does not exist."""
        found = aws.cached("ExistingElasticIp", lambda: ElasticIp.describe_all(aws, ("allocation-id", self.allocation)))
        return next(iter(found), {})

    def find(self, aws: Aws) -> str:
        """Return its allocation id if it exists."""
        return self.allocation if self._describe(aws) else ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The elastic IP address {self.allocation} does not exist in {aws.region}.",
            remedy="Correct `network.address`, or remove it and awsprov allocates an address.",
        )

    def public_ip(self, aws: Aws) -> str:
        """Return the address."""
        return str(self._describe(aws).get("PublicIp", ""))
