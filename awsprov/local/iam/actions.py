"""AWS's own table of actions, offline from policy_sentry: the kinds of resources that each takes, and its keys."""

import functools
import re
from typing import Any

import botocore.session
from policy_sentry.querying.actions import get_action_data

_PREFIX = {"efs": "elasticfilesystem", "service-quotas": "servicequotas", "apigatewayv2": "apigateway"}
_NAMES = {"lambda:Invoke": "lambda:InvokeFunction"}
_GLOBAL = frozenset({"aws:RequestedRegion"})


@functools.cache
def action_of(service: str, operation: str) -> str:
    """IAM's action of an operation: API Gateway has HTTP's verbs, others a name of their own."""
    if service.startswith("apigateway"):
        model = botocore.session.get_session().get_service_model(service)
        return f"apigateway:{model.operation_model(operation).http['method']}"
    name = f"{_PREFIX.get(service, service)}:{operation}"
    return _NAMES.get(name, name)


@functools.cache
def kinds(action: str) -> dict[str, frozenset[str]]:
    """The kinds of resources that an action is judged on, each with the condition keys that count there."""
    rows: list[Any] = (get_action_data(*action.split(":")) or {}).get(action.partition(":")[0], [])
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        kind = re.split("[/:]", re.sub(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:", "", row["resource_arn_format"]))[0]
        found[kind] = found.get(kind, frozenset()) | {_generic(key) for key in row["condition_keys"]}
    return found


def counts(action: str, kind: str, key: str) -> bool:
    """Whether AWS fills a condition key for an action on a kind of resource."""
    known = kinds(action)
    told = known.get(kind) or frozenset[str]().union(*known.values())  # of API Gateway's paths the table tells a part
    return key in _GLOBAL or _generic(key) in told | known.get("*", frozenset())


def _generic(key: str) -> str:
    return f"{key.partition('/')[0]}/" if "/" in key else key
