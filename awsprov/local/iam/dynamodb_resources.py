"""What a call of DynamoDB needs: its actions, each on a table or an index."""

import re
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import actions_of
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ActionOnResource, ResourceRef, arn_of, tags_as_dict
from awsprov.local.wire import ApiCall

_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_STATEMENT = re.compile(
    r"\s*(?:(?P<select>SELECT)\b.*?\bFROM|(?P<insert>INSERT)\s+INTO|(?P<update>UPDATE)|(?P<delete>DELETE)\s+FROM)\s+"
    r'"?(?P<table>[\w.-]+)"?(?:\."(?P<index>[\w.-]+)")?',
    re.IGNORECASE | re.DOTALL,
)


def actions_on_resources(call: ApiCall) -> Iterator[ActionOnResource]:
    """Return the actions of a call, each with its table or index."""
    params = call.params
    if call.operation in ("TransactWriteItems", "TransactGetItems"):
        yield from _transaction(call)
    elif call.operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        several = params.get("Statements") or params.get("TransactStatements") or [params]
        yield from (_statement(call, str(each.get("Statement", ""))) for each in several)
    elif "RequestItems" in params:
        yield from ((f"dynamodb:{call.operation}", _table(call, name)) for name in params["RequestItems"] or ())
    else:
        name = str(params.get("TableName") or params.get("ResourceArn") or params.get("TableArn") or "")
        resource = _table(call, name, str(params.get("IndexName") or "")) if name else ANY_RESOURCE
        yield from ((action, resource) for action in actions_of("dynamodb", call.operation))


def _transaction(call: ApiCall) -> Iterator[ActionOnResource]:
    for item in call.params.get("TransactItems") or ():
        for kind, details in item.items():
            yield f"dynamodb:{_WRITES.get(kind, 'GetItem')}", _table(call, str(details.get("TableName", "")))


def _statement(call: ApiCall, text: str) -> ActionOnResource:
    """Return the action of a statement in PartiQL. One that cannot be read needs an action that nothing allows."""
    found = _STATEMENT.match(text)
    if not found:
        return "dynamodb:PartiQL", ANY_RESOURCE
    verb = next(name for name in ("select", "insert", "update", "delete") if found[name])
    return f"dynamodb:PartiQL{verb.capitalize()}", _table(call, found["table"], found["index"] or "")


def _table(call: ApiCall, name: str, index: str = "") -> ResourceRef:
    """Return a table, given by its name or ARN."""
    name = name.partition(":table/")[2] or name
    backend: Any = dynamodb_backends[ACCOUNT][call.region]
    table = backend.tables.get(name.partition("/")[0])
    suffix = f"/index/{index}" if index else ""
    tags = tags_as_dict(table.tags if table else ())
    return ResourceRef(
        "table", arn_of(call, "dynamodb", f"table/{name}{suffix}"), tags, tags_as_dict(call.params.get("Tags"))
    )
