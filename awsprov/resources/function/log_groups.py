"""Log groups of CloudWatch Logs: one for each function here, one for the API in `resources/api/access_log.py`.

They are created before anything is logged: AWS would create them at the first line, and keep the lines for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Resource, Tags, Values, by_name
from awsprov.resources.missing_ok import LOGS_MISSING, delete, none_if_missing


@dataclass(eq=False, repr=False)
class CloudWatchLogGroup(Resource):
    """A log group. Its id is its name.

    Arguments:
        days: for how many days lines are kept.

    Attributes:
        prefix: the beginning of the names of its kind; `{stack}` is replaced by the stack's name.
    """

    days: int

    area = "serving"
    already_exists_codes = ("ResourceAlreadyExistsException",)
    prefix: ClassVar[str]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((_tags_cached(aws, group["arn"]), group["logGroupName"]) for group in cls._list(aws)))

    def fetch_tags(self, aws: Aws) -> Tags | None:
        return _tags(aws, self.arn(aws))

    def tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        aws.logs.tag_resource(resourceArn=self.arn(aws), tags=tags)

    def untag(self, aws: Aws, keys: list[str]) -> None:
        aws.logs.untag_resource(resourceArn=self.arn(aws), tagKeys=keys)

    @classmethod
    def _list(cls, aws: Aws) -> list[Any]:
        pages = aws.logs.get_paginator("describe_log_groups").paginate
        prefix = cls.prefix.format(stack=aws.stack)
        return aws.cached(
            cls.__name__, lambda: [g for page in pages(logGroupNamePrefix=prefix) for g in page["logGroups"]]
        )

    def _create(self, aws: Aws, group: str) -> str:
        aws.logs.create_log_group(logGroupName=group, tags=aws.tags(self.name))
        return group

    def read(self, aws: Aws) -> Values:
        days = next((g.get("retentionInDays", 0) for g in self._list(aws) if g["logGroupName"] == self.id), 0)
        return {"days": days}

    def wanted(self, aws: Aws) -> Values:
        return {"days": self.days}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.logs.put_retention_policy(logGroupName=self.id, retentionInDays=self.days)

    def arn(self, aws: Aws) -> str:
        """Return the ARN of the group, without the `:*` that stands for its streams."""
        return aws.arn("logs", f"log-group:{self.id}")

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.logs.delete_log_group(logGroupName=self.id), missing=LOGS_MISSING)


@dataclass(eq=False, repr=False)
class LogGroup(CloudWatchLogGroup):
    """The log group of a function.

    Arguments:
        days: for how many days lines are kept.
        function: the function's name in the stack.
    """

    function: str

    may_be_recreated = True  # by Lambda, without tags, for the last lines of an invocation that ends late
    prefix = "/aws/lambda/{stack}-"

    def create(self, aws: Aws) -> str:
        return self._create(aws, f"{self.prefix.format(stack=aws.stack)}{self.function}")


def _tags_cached(aws: Aws, arn: str) -> Tags | None:
    return aws.cached(f"tags {arn}", lambda: _tags(aws, arn))


def _tags(aws: Aws, arn: str) -> Tags | None:
    """Return the tags of a log group; None if it does not exist."""
    get = partial(aws.logs.list_tags_for_resource, resourceArn=arn.removesuffix(":*"))
    response = none_if_missing(get, missing=LOGS_MISSING)
    return response["tags"] if response else None
