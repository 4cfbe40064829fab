"""Errors of the credential chain: a sign-in that has expired, a profile that is incomplete, a process that fails.

botocore reports them by many exceptions, some of them Python's own (FileNotFoundError, RuntimeError). What they have in
common is where they were raised.
"""

from botocore.exceptions import HTTPClientError, NoCredentialsError

from awsprov.errors import CredentialsError

_REMEDY = (
    "Sign in again (`aws sso login`, or new keys), or correct the profile in ~/.aws/config: "
    "`aws sts get-caller-identity` must work. Then run the same command again."
)
# The modules of botocore that read profiles and fetch credentials and tokens.
_CHAIN = ("botocore.credentials", "botocore.tokens", "botocore.configloader")


def explain_credentials(error: BaseException) -> CredentialsError | None:
    """Return the error of the credential chain that an exception is; None for an exception from elsewhere."""
    if isinstance(error, NoCredentialsError):
        return CredentialsError(
            "No AWS credentials were found.",
            why=str(error),
            remedy="Run `aws configure`, set AWS_PROFILE, or add --local to use the cloud on this machine.",
        )
    if not comes_from_credentials(error):
        return None
    return CredentialsError("The AWS credentials could not be read or renewed.", why=str(error), remedy=_REMEDY)


def comes_from_credentials(error: BaseException) -> bool:
    """Return whether an exception was raised while credentials were read or renewed, other than by the network."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") in _CHAIN:
            return not isinstance(error, HTTPClientError)
        traceback = traceback.tb_next
    return False
