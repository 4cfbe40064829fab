"""The policies of users, groups and roles in moto's IAM."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends

from awsprov.local.cloud import ACCOUNT

Statement = Mapping[str, Any]


def identity_statements(identity: Any) -> Iterator[Statement]:
    """Return the statements of the inline and attached policies of a user, group or role of moto."""
    attached = [_default_document(policy) for policy in identity.managed_policies.values()]
    for document in (*identity.policies.values(), *attached):
        yield from document_statements(document)


def boundary_statements(identity: Any) -> list[Statement] | None:
    """Return the statements of the permissions boundary of a user or role of moto; None if it has no boundary.

    A boundary that does not exist allows nothing. moto keeps boundaries of roles only.
    """
    arn = getattr(identity, "permissions_boundary_arn", None)
    if not arn:
        return None
    policy = iam_backends[ACCOUNT]["aws"].managed_policies.get(arn)
    return document_statements(_default_document(policy)) if policy else []


def _default_document(policy: Any) -> Any:
    return next((version.document for version in policy.versions if version.is_default), {})


def document_statements(document: Any) -> list[Statement]:
    """Return the statements of a policy document: decoded, or JSON, percent-encoded or not. Other text has none."""
    if isinstance(document, str):
        return list(_parsed(document))
    statements = document.get("Statement", [])
    return [statements] if isinstance(statements, dict) else list(statements)


@functools.lru_cache(maxsize=512)
def _parsed(document: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document, parsed once: a function's calls are evaluated one by one."""
    text = unquote(document) if document.startswith("%") else document
    return tuple(document_statements(json.loads(text))) if text.lstrip().startswith("{") else ()


def strings(value: Any) -> list[str]:
    """Return the values of an element of a policy that is a string or a list of strings."""
    return [value] if isinstance(value, str) else list(value)
