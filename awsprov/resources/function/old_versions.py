"""Old versions of a function, which `versions.keep` and `awsprov history --prune` delete."""

from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.function.alias_history import AliasHistory
from awsprov.resources.function.published_versions import published
from awsprov.resources.missing_ok import LAMBDA_MISSING, delete

DEFAULT_KEEP = 5  # older versions that `awsprov history --prune` keeps


def old_versions(aws: Aws, function: str, live: str, history: AliasHistory, keep: int) -> list[str]:
    """Return the versions that can be deleted, oldest first.

    None of them is newer than the live one, and no alias points to one of them or gives it a share of the requests. Of
    the others those stay that `awsprov rollback` returns to first, then the newest.

    Arguments:
        aws: the clients.
        function: the function's name on AWS.
        live: the live version.
        history: the versions that were live before.
        keep: how many versions to keep beside the live one.
    """
    if not live.isdigit():
        return []
    used = _used(aws, function)
    older = [int(each["Version"]) for each in published(aws, function) if int(each["Version"]) < int(live)]
    order = dict.fromkeys([*(version for version in history.before if version in older), *reversed(older)])
    kept = list(order)[:keep]
    return [str(version) for version in older if version not in kept and str(version) not in used]


def _used(aws: Aws, function: str) -> set[str]:
    """Return the versions to which any alias of a function sends requests."""
    pages = aws.lambda_.get_paginator("list_aliases").paginate(FunctionName=function)
    aliases: list[Any] = [alias for page in pages for alias in page["Aliases"]]
    weights = [(alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {} for alias in aliases]
    return {alias["FunctionVersion"] for alias in aliases} | {version for each in weights for version in each}


def delete_version(aws: Aws, function: str, version: str) -> None:
    """Delete one version of a function; succeed if it is missing. AWS refuses it while an alias uses it.

    Arguments:
        aws: the clients.
        function: the function's name on AWS.
        version: its number.
    """
    if not version.isdigit():
        raise ValueError(f"{version!r} is not the number of a version")  # without one, the function is deleted
    delete(aws, lambda: aws.lambda_.delete_function(FunctionName=function, Qualifier=version), missing=LAMBDA_MISSING)
