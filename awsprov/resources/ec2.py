"""Ec2Resource: the base class of EC2's resources, which are tagged by the creating call and listed by tag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.resources.described import DescribedResource, tag_pairs

# The states of resources that EC2 still lists although they are deleted, or could not be created.
_DELETED_STATES = ("deleted", "deleting", "failed", "shutting-down", "terminated")


@dataclass(eq=False, repr=False)
class Ec2Resource(DescribedResource):
    """A resource of EC2.

    Attributes:
        resource_type: EC2's name of the type, for TagSpecifications.
        describe_method: the method of the client that lists resources of the type.
        result_key: the member of the response that holds the descriptions.
        filters_parameter: the parameter of `describe_method` that takes filters.
    """

    area = "network"
    resource_type: ClassVar[str]
    describe_method: ClassVar[str]
    result_key: ClassVar[str]
    filters_parameter: ClassVar[str] = "Filters"

    @classmethod
    def describe_all(cls, aws: Aws, *filters: tuple[str, str]) -> list[dict[str, Any]]:
        """Return the descriptions of all resources of the type, in any state, that match all filters.

        Arguments:
            aws: the clients.
            filters: names and values of filters.
        """
        wanted = {cls.filters_parameter: [{"Name": name, "Values": [value]} for name, value in filters]}
        ec2: Any = aws.ec2  # its stubs ask for a literal name
        if ec2.can_paginate(cls.describe_method):
            pages: Iterable[Any] = ec2.get_paginator(cls.describe_method).paginate(**wanted)
        else:
            pages = [getattr(ec2, cls.describe_method)(**wanted)]
        return [description for page in pages for description in cls.descriptions(page)]

    @classmethod
    def descriptions(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the descriptions in one response of `describe_method`."""
        found: list[dict[str, Any]] = page[cls.result_key]
        return found

    @classmethod
    def exists(cls, description: dict[str, Any]) -> bool:
        """Return whether a resource exists and is not being deleted."""
        state = description.get("State", "")
        return (state["Name"] if isinstance(state, dict) else state) not in _DELETED_STATES

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return the descriptions of the stack's existing resources; their tags are checked here, too."""
        found = aws.cached(cls.__name__, lambda: cls.describe_all(aws, ("tag:awsprov:stack", aws.stack)))
        return [d for d in found if cls.exists(d) and aws.tagged_name(d.get("Tags"))]

    def tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        aws.ec2.create_tags(Resources=self.tagged_ids(aws), Tags=tag_pairs(tags))

    def untag(self, aws: Aws, keys: list[str]) -> None:
        aws.ec2.delete_tags(Resources=self.tagged_ids(aws), Tags=[{"Key": key} for key in keys])

    def tagged_ids(self, aws: Aws) -> list[str]:
        """Return the ids of what has its tags: its own, and those of its parts."""
        return [self.id]

    def tag_specifications(self, aws: Aws) -> list[Any]:
        """Return the TagSpecifications of the creating call."""
        return [{"ResourceType": self.resource_type, "Tags": aws.tag_list(self.name)}]

    def describe(self, aws: Aws) -> dict[str, Any]:
        """Return its description, requested by its ID; empty if EC2 does not know the ID."""
        try:
            found = self.descriptions(getattr(aws.ec2, self.describe_method)(**{f"{self.id_key}s": [self.id]}))
        except ClientError as error:
            if any(word in error_code(error) for word in ("NotFound", "Malformed")):
                return {}
            raise
        return next(iter(found), {})

    def wait_for_state(self, aws: Aws, state: str, within: float) -> None:
        """Return when it is in a state.

        Arguments:
            aws: the clients.
            state: the state, as `available`.
            within: seconds.

        Raises:
            TimedOutError: it is in another state after that time.
        """
        if self.describe_cached(aws).get("State") != state:
            aws.wait_until(lambda: self.describe(aws).get("State") == state, within, f"{self.name} to be {state}")
