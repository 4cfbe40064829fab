"""Permission: allows an API to call a function."""

import hashlib
import re
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.iam.policy_meaning import Statement, in_declared_form
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.function.alias import LIVE, Alias
from awsprov.resources.missing_ok import LAMBDA_MISSING, delete, none_if_missing
from awsprov.resources.policy_text import policy_document

_INVOKE, _API_GATEWAY = "lambda:InvokeFunction", "apigateway.amazonaws.com"
ALL_ROUTES = ""


def route_pattern(route: str) -> str:
    """Return the end of the ARN of a route in any stage, after the API's id; a variable part of the path is `*`."""
    if route == ALL_ROUTES:
        return "*"
    method, _, path = route.partition(" ")
    return f"*/{'*' if method == 'ANY' else method}{re.sub(r'{[^}]*}', '*', path)}"


def statement(statement_id: str, function: str, source: str) -> Statement:
    """Return the statement that AddPermission adds (Lambda developer guide, resource-based policies).

    Arguments:
        statement_id: its id.
        function: the ARN of the alias.
        source: the ARN of the routes.
    """
    return {
        "Sid": statement_id,
        "Effect": "Allow",
        "Principal": {"Service": _API_GATEWAY},
        "Action": _INVOKE,
        "Resource": function,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }


@dataclass(eq=False, repr=False)
class Permission(Resource):
    """A permission: allows routes of an API to call an alias. Its id is `function:alias:statement`.

    The policy of a function has one writer: Lambda loses statements that are added at the same time.

    Arguments:
        alias: the alias.
        api: the API.
        route: the method and path of the route, as `POST /similarity`; ALL_ROUTES for every route of the API.
    """

    alias: Alias
    api: RestApi | HttpApi
    _: KW_ONLY
    route: str

    area = "serving"
    immutable = frozenset({"statement"})
    replace_triggered_by = frozenset({"alias", "api"})
    one_writer = "alias"
    already_exists_codes = ("ResourceConflictException",)

    def _statement(self, aws: Aws) -> Any:
        """Return the statement in the alias's policy; empty if it does not exist."""
        call = partial(aws.lambda_.get_policy, FunctionName=self.alias.function.id, Qualifier=LIVE)
        key = f"Policy {self.alias.id}"
        response = aws.cached(key, lambda: none_if_missing(call, missing=LAMBDA_MISSING), empty=False)
        statements = policy_document(response["Policy"]).get("Statement", []) if response else []
        return next((s for s in statements if s.get("Sid") == self._statement_id(aws)), {})

    def _statement_id(self, aws: Aws) -> str:
        """Return the id of its statement, which follows from the route: a statement id has no `/` and no `{`."""
        return aws.physical_name(f"permission-{hashlib.sha256(self.route.encode()).hexdigest()[:12]}")

    def _id(self, aws: Aws) -> str:
        return f"{self.alias.id}:{self._statement_id(aws)}"

    def find(self, aws: Aws) -> str:
        return self._id(aws) if self.alias.id and self._statement(aws) else ""

    def create(self, aws: Aws) -> str:
        aws.lambda_.add_permission(
            FunctionName=self.alias.function.id,
            Qualifier=LIVE,
            StatementId=self._statement_id(aws),
            Action=_INVOKE,
            Principal=_API_GATEWAY,
            SourceArn=self._source_arn(aws),
        )
        return self._id(aws)

    def _source_arn(self, aws: Aws) -> str:
        return aws.arn("execute-api", f"{self.api.id}/{route_pattern(self.route)}")

    def read(self, aws: Aws) -> Values:
        statement = self._statement(aws)
        return {"statement": in_declared_form([statement], [self._wanted(aws)])[0]} if statement else {}

    def wanted(self, aws: Aws) -> Values:
        return {"statement": self._wanted(aws)}

    def _wanted(self, aws: Aws) -> Statement:
        return statement(self._statement_id(aws), self.alias.arn(aws), self._source_arn(aws))

    def delete(self, aws: Aws) -> None:
        function, alias, sid = self.id.split(":")
        call = partial(aws.lambda_.remove_permission, FunctionName=function, Qualifier=alias, StatementId=sid)
        delete(aws, call, missing=LAMBDA_MISSING)
