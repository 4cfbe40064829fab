"""Prefix lists: the address ranges of S3 and DynamoDB, for rules of security groups."""

from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError


def service_name(aws: Aws, service: str) -> str:
    """Return the name of a service's endpoint and prefix list in the region (AWS PrivateLink guide)."""
    return f"com.amazonaws.{aws.region}.{service}"


@dataclass(eq=False, repr=False)
class PrefixList(Existing):
    """The prefix list of a service: its address ranges, which AWS keeps up to date. Rules of security groups name it.

    Arguments:
        service: `s3` or `dynamodb`.
    """

    service: str

    area = "network"

    def find(self, aws: Aws) -> str:
        """Return its id if the region has one."""
        name = service_name(aws, self.service)
        filters: Any = [{"Name": "prefix-list-name", "Values": [name]}]
        found: Any = aws.cached(
            f"PrefixList {name}", lambda: aws.ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
        )
        return next((str(each["PrefixListId"]) for each in found if each["PrefixListName"] == name), "")

    def missing_error(self, aws: Aws) -> UsageError:
        name = service_name(aws, self.service)
        return UsageError(
            f"{aws.region} has no prefix list {name}, and so no gateway endpoint for {self.service}.",
            remedy=f"Remove {self.service} from `network.endpoints`.",
        )
