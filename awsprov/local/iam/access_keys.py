"""The access keys that exist in a local cloud: the root user's, those of IAM users, and those of role sessions."""

import hmac
import math
import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from awsprov.local.cloud import Cloud
from awsprov.local.iam import role_sessions
from awsprov.local.iam.identities import user_and_key

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")


@dataclass(frozen=True)
class AccessKey:
    """What belongs to an access key ID.

    Arguments:
        secret: the secret access key.
        token: the session token of temporary credentials.
        expires: seconds since the epoch.
    """

    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires: float = math.inf


def find(cloud: Cloud, key_id: str) -> AccessKey | None:
    """Return an access key; None if it does not exist or is inactive."""
    root = cloud.root_secret(key_id)
    if root is not None:
        return AccessKey(root)
    if session := role_sessions.find(key_id):
        return AccessKey(session.secret_key, session.token, session.expires)
    _, key = user_and_key(key_id) or (None, None)
    return AccessKey(str(key.secret_access_key)) if key and key.status == "Active" else None


def secret_of(cloud: Cloud, key_id: str) -> str | None:
    """Return the secret of an access key; None if it does not exist or is inactive."""
    key = find(cloud, key_id)
    return key.secret if key else None


def refusal(cloud: Cloud, key_id: str, token: str) -> tuple[str, str] | None:
    """Return AWS's error code and message if a key with a session token is not accepted."""
    key = find(cloud, key_id)
    if key is None or (key.token and not hmac.compare_digest(key.token.encode(), token.encode())):
        return "UnrecognizedClientException", "The security token included in the request is invalid."
    if key.expires < time.time():
        return "ExpiredTokenException", "The security token included in the request is expired"
    return None


def key_id_of(environ: WSGIEnvironment) -> str:
    """Return the ID of the access key that signed a request, in a header or in a presigned URL; "" if there is none."""
    if "HTTP_AUTHORIZATION" in environ:
        found = _CREDENTIAL.search(environ["HTTP_AUTHORIZATION"])
        return found[1] if found else ""
    query = _query(environ)
    if "X-Amz-Signature" in query:
        return query.get("X-Amz-Credential", "").partition("/")[0]
    return query.get("AWSAccessKeyId", "") if "Signature" in query else ""


def token_of(environ: WSGIEnvironment) -> str:
    """Return the session token of a request, in a header or in a presigned URL; "" if there is none."""
    if token := environ.get("HTTP_X_AMZ_SECURITY_TOKEN"):
        return str(token)
    query = _query(environ)
    return query.get("X-Amz-Security-Token") or query.get("x-amz-security-token") or ""


def _query(environ: WSGIEnvironment) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
