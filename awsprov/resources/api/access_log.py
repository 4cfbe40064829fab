"""The log of an API: who asked what, and how it went."""

import json
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.function.log_groups import Group

# What is written of a request to an API: who, what, when, how it went. Never what it says.
LINE = json.dumps(
    {name: f"$context.{variable}" for name, variable in {
        "request": "requestId", "time": "requestTime", "from": "identity.sourceIp", "caller": "identity.caller",
        "method": "httpMethod", "path": "path", "status": "status", "bytes": "responseLength",
        "took": "responseLatency", "error": "error.responseType",
    }.items()}
)  # fmt: skip


@dataclass(eq=False, repr=False)
class ApiLog(Group):
    """An API's: a line for each request, and, of a REST API, what went wrong on the way to the function.

    It has the name under which API Gateway itself logs a REST API's stage. Its tags say whose it is.

    Arguments:
        days: how long lines are kept.
        api: whose it is.
        stage: the stage's name.
    """

    api: RestApi | HttpApi
    stage: str

    replace_triggered_by = frozenset({"api"})
    prefix = "API-Gateway-Execution-Logs_"

    @classmethod
    def _listed(cls, aws: Aws) -> list[Any]:
        """Without those of living APIs that are not ours: nobody needs to ask for their tags."""
        groups = super()._listed(aws)  # asked first: the APIs are asked for by themselves meanwhile
        ours = {id_ for ids in RestApi.owned(aws).values() for id_ in ids}
        others = {api["id"] for api in RestApi.everybody_s(aws)} - ours
        return [group for group in groups if _api(group["logGroupName"]) not in others]

    def create(self, aws: Aws) -> str:
        return self._make(aws, f"{self.prefix}{self.api.id}/{self.stage}")


def _api(name: str) -> str:
    """The API's id in a group's name."""
    return name.removeprefix(ApiLog.prefix).partition("/")[0]
