"""Looks up the roles and instance profiles of moto's IAM: its own methods fail for one that does not exist."""

from typing import Any

from moto.iam.models import iam_backends

from awsprov.local.cloud import ACCOUNT


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
