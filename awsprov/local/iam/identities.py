"""Looks up the users, roles and instance profiles of moto's IAM: its own methods fail for one that does not exist."""

from typing import Any

from moto.iam.models import iam_backends

from awsprov.local.cloud import ACCOUNT


def user_and_key(key_id: str) -> tuple[Any, Any] | None:
    """Return moto's records of a user and of one of its access keys; None if no user has the key."""
    users = list(iam_backends[ACCOUNT]["aws"].users.values())
    return next(((user, key) for user in users for key in list(user.access_keys) if key.access_key_id == key_id), None)


def role_with_arn(arn: str) -> Any:
    """Return moto's record of a role; None if it does not exist."""
    return next((role for role in iam_backends[ACCOUNT]["aws"].get_roles() if role.arn == arn), None)


def role_named(name: str) -> Any:
    """Return moto's record of a role; None if it does not exist."""
    return next((role for role in iam_backends[ACCOUNT]["aws"].get_roles() if role.name == name), None)


def profile_named(name: str) -> Any:
    """Return moto's record of an instance profile; None if it does not exist."""
    profiles = iam_backends[ACCOUNT]["aws"].get_instance_profiles()
    return next((profile for profile in profiles if profile.name == name), None)
