"""The access keys that exist in a local cloud: the root user's, those of IAM users, and those of assumed roles."""

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from awsprov.local.cloud import ACCOUNT, Cloud


def secret_of(cloud: Cloud, access_key: str) -> str | None:
    """Return the secret of an access key; None if it does not exist or is inactive."""
    root = cloud.root_secret(access_key)
    if root is not None:
        return root
    for user in list(iam_backends[ACCOUNT]["aws"].users.values()):
        for key in list(user.access_keys):
            if key.access_key_id == access_key:
                return str(key.secret_access_key) if key.status == "Active" else None
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    return str(session.secret_access_key) if session else None
