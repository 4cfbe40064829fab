"""A region of an account, as in ARNs."""

from dataclasses import dataclass

from awsprov.aws.url_suffixes import partition_of


@dataclass(frozen=True)
class Place:
    """A region of an account.

    Arguments:
        region: as `eu-west-1`.
        account: the account id, 12 digits.
    """

    region: str
    account: str

    @property
    def partition(self) -> str:
        """The region's partition, such as `aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(self.region)

    def arn(self, service: str, path: str) -> str:
        """Return an ARN there."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{path}"
