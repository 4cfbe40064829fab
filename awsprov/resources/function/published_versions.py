"""Published versions of a function, as Lambda describes them: who published each, and from which inputs."""

from typing import Any

from awsprov.aws.client import Aws

BY = " by "  # in a version's description, between the digest and the name of the publisher


def published(aws: Aws, function: str) -> list[Any]:
    """Return Lambda's descriptions of a function's published versions, oldest first.

    Arguments:
        aws: the clients.
        function: the function's name on AWS.
    """
    pages = aws.lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [v for page in pages for v in page["Versions"] if v["Version"].isdigit()]
    return sorted(versions, key=lambda version: int(version["Version"]))


def publisher(version: Any) -> str:
    """Return the name of the caller who published a version; empty if its description lacks it."""
    return str(version.get("Description", "")).partition(BY)[2]


def digest_of(version: Any) -> str:
    """Return the digest in a version's description."""
    return str(version.get("Description", "")).partition(BY)[0]
