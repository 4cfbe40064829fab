"""DescribedResource: the base class of resources that AWS lists with their tags, those of EC2, EFS and IAM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Owned, Resource, Tags, by_name

LISTED_WITHIN = 60.0  # seconds after its creation within which AWS must know a resource


@dataclass(eq=False, repr=False)
class DescribedResource(Resource):
    """A resource with a description, which has its id and its tags.

    Attributes:
        id_key: the member of a description that holds the id.
    """

    id_key: ClassVar[str]

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return the descriptions of the stack's resources of the type; the listing is cached."""
        raise NotImplementedError

    def describe(self, aws: Aws) -> dict[str, Any]:
        """Return its description, requested by its id; empty if AWS does not know the id."""
        raise NotImplementedError

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((description["Tags"], description[cls.id_key]) for description in cls.list_owned(aws)))

    def listed(self, aws: Aws) -> list[dict[str, Any]]:
        """Return the cached listing that has its description."""
        return self.list_owned(aws)

    def describe_cached(self, aws: Aws) -> dict[str, Any]:
        """Return its description from the cached listing; a new resource is waited for until AWS knows it."""
        found = next((each for each in self.listed(aws) if each[self.id_key] == self.id), None)
        return found or self.describe_existing(aws)

    def describe_existing(self, aws: Aws) -> dict[str, Any]:
        """Return its description, requested now; waited for, as AWS may have described a new one, and then not again.

        Source: EC2 API reference, "Eventual consistency".
        """
        return aws.wait_until(lambda: self.describe(aws), LISTED_WITHIN, f"{self.name} to be listed")

    def fetch_tags(self, aws: Aws) -> Tags | None:
        description = self.describe(aws)
        return list(description.get("Tags", [])) if description else None

    def tags(self, aws: Aws) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.describe_cached(aws).get("Tags", [])}


def tag_pairs(tags: Mapping[str, str]) -> Any:
    """Return tags in the form of EC2, EFS and IAM."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
