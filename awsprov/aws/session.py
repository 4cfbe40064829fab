"""The AWS SDK, opened for a region and a profile: botocore, which clients are made with."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from botocore.exceptions import ProfileNotFound

from awsprov.errors import UsageError

if TYPE_CHECKING:
    import botocore.session


def opened(region: str, profile: str | None) -> "botocore.session.Session":
    """A session of botocore: boto3's adds S3's transfers, multiprocessing and 25 ms, none of which we use.

    Arguments:
        region: an AWS region.
        profile: a profile of the AWS CLI's configuration; otherwise the usual credential chain.

    Raises:
        UsageError: the region or the profile does not exist. No call is made for that.
    """
    import botocore.session  # noqa: PLC0415 - as in aws.py

    from awsprov.aws.service_models import Models  # noqa: PLC0415 - as above

    session = botocore.session.Session(profile=profile)
    try:
        session.register_component("data_loader", Models(session.get_config_variable("data_path")))
    except ProfileNotFound as error:
        known = ", ".join(session.available_profiles) or "none"
        raise UsageError(
            f"There is no AWS profile {profile!r} on this machine.",
            why=f"Profiles found: {known}.",
            remedy="Name one of these with --profile or `profile:`, or make it with `aws configure --profile`.",
        ) from error
    session.set_config_variable("region", region)
    regions = {name for p in session.get_available_partitions() for name in session.get_available_regions("lambda", p)}
    if region not in regions:
        near = ", ".join(get_close_matches(region, sorted(regions), 3, 0.4)) or "none"
        raise UsageError(
            f"There is no AWS region {region!r}.",
            why=f"Of the {len(regions)} regions with Lambda these are the nearest: {near}.",
            remedy="Correct `region:` or --region.",
        )
    return session
