"""The boto3 session that all clients come from."""

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING

from botocore.exceptions import ProfileNotFound

from awsprov.aws.local_endpoint import LocalEndpoint, closed_session
from awsprov.errors import UsageError

if TYPE_CHECKING:
    import boto3
    import botocore.session


def open_core_session(profile: str | None, local: LocalEndpoint | None = None) -> "botocore.session.Session":
    """Return a botocore session for a profile. Makes no call.

    Arguments:
        profile: a profile of the AWS CLI's configuration; None for the usual credential chain.
        local: the local cloud. The session then takes nothing from variables and files.

    Raises:
        UsageError: the profile does not exist.
    """
    import botocore.session  # a fifth of a second: only for commands that call AWS

    from awsprov.aws.service_models import ModelLoader

    core = closed_session() if local else botocore.session.Session(profile=profile)
    try:
        core.register_component("data_loader", ModelLoader(core.get_config_variable("data_path")))
    except ProfileNotFound as error:
        raise _no_profile(core, error.kwargs["profile"]) from error
    return core


def open_session(core: "botocore.session.Session", region: str, local: LocalEndpoint | None = None) -> "boto3.Session":
    """Return a boto3 session for a region. Makes no call.

    Arguments:
        core: the botocore session that it uses.
        region: an AWS region.
        local: the local cloud. The session then has its key pair.

    Raises:
        UsageError: the region does not exist.
    """
    import boto3

    keys = {"aws_access_key_id": local.access_key, "aws_secret_access_key": local.secret_key} if local else {}
    session = boto3.Session(botocore_session=core, region_name=region, **keys)
    _check_region(session, region)
    return session


def configured_endpoint(core: "botocore.session.Session") -> str:
    """Return the endpoint URL for EC2 that a person has configured; empty if there is none, so that AWS's is used.

    Source for places and order: AWS SDKs and Tools reference guide, "Service-specific endpoints".
    """
    if core.get_config_variable("ignore_configured_endpoint_urls"):
        return ""
    profile = core.get_scoped_config()
    services = core.full_config.get("services", {}).get(profile.get("services"), {})
    environment = os.environ.get("AWS_ENDPOINT_URL_EC2") or os.environ.get("AWS_ENDPOINT_URL")
    return str(environment or services.get("ec2", {}).get("endpoint_url") or profile.get("endpoint_url") or "")


def _no_profile(core: "botocore.session.Session", profile: str) -> UsageError:
    return UsageError(
        f"There is no AWS profile {profile!r} on this machine.",
        why=f"Profiles found: {', '.join(core.available_profiles) or 'none'}.",
        remedy="Use one of these with --profile or `profile:`, or create it with `aws configure --profile`.",
    )


def _check_region(session: "boto3.Session", region: str) -> None:
    partitions = session.get_available_partitions()
    regions = {name for each in partitions for name in session.get_available_regions("lambda", each)}
    if region not in regions:
        similar = ", ".join(get_close_matches(region, sorted(regions), 3, 0.4)) or "none"
        raise UsageError(
            f"There is no AWS region {region!r}.",
            why=f"Similar names among the {len(regions)} regions with Lambda: {similar}.",
            remedy="Correct `region:` or --region.",
        )
