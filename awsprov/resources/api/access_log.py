"""The access log of an API: its log group, and the format of its lines."""

import json
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.function.log_groups import CloudWatchLogGroup

# The line for a request: caller, route, time and outcome. It contains nothing of the request's or response's body.
LOG_FORMAT = json.dumps(
    {name: f"$context.{variable}" for name, variable in {
        "request": "requestId", "time": "requestTime", "from": "identity.sourceIp", "caller": "identity.caller",
        "method": "httpMethod", "path": "path", "status": "status", "bytes": "responseLength",
        "took": "responseLatency", "error": "error.responseType", "integration": "integrationErrorMessage",
    }.items()}
)  # fmt: skip


@dataclass(eq=False, repr=False)
class ApiLogGroup(CloudWatchLogGroup):
    """The log group of an API: a line for each request and, for a REST API, API Gateway's own errors.

    It has the name that API Gateway gives to the execution log of a REST API's stage.

    Arguments:
        days: for how many days lines are kept.
        api: the API.
        stage: the stage's name.
    """

    api: RestApi | HttpApi
    stage: str

    replace_triggered_by = frozenset({"api"})
    may_be_recreated = True  # by API Gateway, without tags, for the last lines of a request that ends late
    prefix = "API-Gateway-Execution-Logs_"

    @classmethod
    def _list(cls, aws: Aws) -> list[Any]:
        """Return the groups that can be the stack's: the tags of the others need not be read.

        Those of other stacks' APIs are not. API Gateway never deletes the groups that it creates; of the groups whose
        API no longer exists, only those that expire can be the stack's.
        """
        groups = super()._list(aws)  # first, as the APIs are listed by another thread meanwhile
        owned = {id_ for kind in (RestApi, HttpApi) for ids in kind.owned(aws).values() for id_ in ids}
        others = {api["id"] for api in RestApi.list_all(aws)} - owned
        known = [(group, _api_id(group["logGroupName"])) for group in groups]
        return [group for group, api in known if api in owned or (api not in others and "retentionInDays" in group)]

    def create(self, aws: Aws) -> str:
        return self._create(aws, f"{self.prefix}{self.api.id}/{self.stage}")


def _api_id(name: str) -> str:
    """Return the API's id in the name of a log group."""
    return name.removeprefix(ApiLogGroup.prefix).partition("/")[0]
