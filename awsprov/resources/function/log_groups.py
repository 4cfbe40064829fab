"""Where log lines go: a group for each function, and one for the API (`api_log`), made before anybody writes to them.

AWS would make them too, at the first line, without an end to their retention.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Resource, Values, by_name
from awsprov.resources.missing_ok import delete, none_if_missing

_GONE = ("ResourceNotFoundException",)


@dataclass(eq=False, repr=False)
class Group(Resource):
    """A log group. Its id is its name.

    Attributes:
        prefix: what the names of its kind begin with; `{stack}` stands for the stack's.
    """

    days: int

    area = "serving"
    already_exists_codes = ("ResourceAlreadyExistsException",)
    prefix: ClassVar[str]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((tags_of(aws, group["arn"]), group["logGroupName"]) for group in cls._listed(aws)))

    @classmethod
    def _listed(cls, aws: Aws) -> list[Any]:
        pages = aws.logs.get_paginator("describe_log_groups").paginate
        start = cls.prefix.format(stack=aws.stack)
        return aws.cached(
            cls.__name__, lambda: [g for page in pages(logGroupNamePrefix=start) for g in page["logGroups"]]
        )

    def _make(self, aws: Aws, group: str) -> str:
        aws.logs.create_log_group(logGroupName=group, tags=aws.tags(self.name))
        return group

    def read(self, aws: Aws) -> Values:
        days = next((g.get("retentionInDays", 0) for g in self._listed(aws) if g["logGroupName"] == self.id), 0)
        return {"days": days}

    def wanted(self, aws: Aws) -> Values:
        return {"days": self.days}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.logs.put_retention_policy(logGroupName=self.id, retentionInDays=self.days)

    def arn(self, aws: Aws) -> str:
        """Its ARN, without the `:*` that stands for its streams."""
        return aws.arn("logs", f"log-group:{self.id}")

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.logs.delete_log_group(logGroupName=self.id), missing=_GONE)


@dataclass(eq=False, repr=False)
class LogGroup(Group):
    """A function's.

    Arguments:
        days: how long lines are kept.
        function: the function's name in the stack.
    """

    function: str

    may_be_recreated = True  # Lambda makes it anew, untagged, for the last lines of a late invocation
    prefix = "/aws/lambda/{stack}-"

    def create(self, aws: Aws) -> str:
        return self._make(aws, f"{self.prefix.format(stack=aws.stack)}{self.function}")


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    """A group's tags, remembered; none when it went in between."""
    ask = partial(aws.logs.list_tags_for_resource, resourceArn=arn.removesuffix(":*"))
    answer = aws.cached(f"tags {arn}", lambda: none_if_missing(ask, missing=_GONE))
    return answer["tags"] if answer else {}
