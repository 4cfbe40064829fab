"""LibraryFileSystem: what the stack's own file system and an existing one have in common."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.errors import RefusedError

_MAX_TAGS = 50  # (EFS quotas); tags of AWS itself, with `aws:`, do not count (AWS General Reference, "Tagging")
ENVIRONMENT = "awsprov:environment:"  # begins the key of a tag for each published environment; its hash follows


def values_of(facts: str) -> dict[str, str]:
    """Return the values in the facts about an environment, such as `bytes=123`."""
    return dict(word.split("=", 1) for word in facts.split() if "=" in word)


@dataclass(eq=False, repr=False)
class LibraryFileSystem(Resource):
    """The file system with the libraries: the stack's own, or an existing one.

    Attributes:
        published_here: the facts about environments that this process has published, by hash.
    """

    published_here: dict[str, str] = field(default_factory=dict, init=False)

    area = "storage"

    def tagged(self, aws: Aws) -> str:
        """Return the id of what has the tags that record environments."""
        return self.id

    def environment_tags(self, aws: Aws, *, cached: bool) -> list[Any]:
        """Return the tags among which are those that record environments.

        Arguments:
            aws: the clients.
            cached: whether they may be those that were found at first.
        """
        raise NotImplementedError

    def environments(self, aws: Aws) -> dict[str, str]:
        """Return the published environments: facts such as `bytes=123`, by hash.

        They are recorded as tags, so that no SSH session is needed to look them up.
        """
        tags = self.environment_tags(aws, cached=True)
        found = {t["Key"].removeprefix(ENVIRONMENT): t["Value"] for t in tags if t["Key"].startswith(ENVIRONMENT)}
        return {**found, **self.published_here}

    def check_tags(self, aws: Aws, environment: str) -> None:
        """Check that the environment can be published, before it is installed.

        Arguments:
            aws: the clients.
            environment: its hash.

        Raises:
            RefusedError: the file system has as many tags as EFS allows.
        """
        tags = {tag["Key"] for tag in self.environment_tags(aws, cached=False) if not tag["Key"].startswith("aws:")}
        if f"{ENVIRONMENT}{environment}" not in tags and len(tags) >= _MAX_TAGS:
            published = sum(tag.startswith(ENVIRONMENT) for tag in tags)
            raise RefusedError(
                "The libraries were not installed, as they could not be published.",
                why=f"EFS allows {_MAX_TAGS} tags, and each of the {published} published environments has one.",
                remedy="`awsprov libs prune` deletes the environments that no version uses.",
            )

    def publish(self, aws: Aws, environment: str, facts: str) -> None:
        """Record that an environment is complete.

        Arguments:
            aws: the clients.
            environment: its hash.
            facts: words such as `bytes=123`.
        """
        aws.efs.tag_resource(ResourceId=self.tagged(aws), Tags=[{"Key": f"{ENVIRONMENT}{environment}", "Value": facts}])
        self.published_here[environment] = facts

    def unpublish(self, aws: Aws, environments: Collection[str]) -> None:
        """Remove the record of environments, given their hashes; to be done before they are deleted."""
        self.published_here = {name: facts for name, facts in self.published_here.items() if name not in environments}
        aws.efs.untag_resource(ResourceId=self.tagged(aws), TagKeys=[f"{ENVIRONMENT}{each}" for each in environments])

    def arn(self, aws: Aws) -> str:
        """Return the ARN by its id."""
        return aws.arn("elasticfilesystem", f"file-system/{self.id}")
