"""The host keys of an instance: cloud-init prints them on the console at the first boot, and tags keep them.

cloud-init's module keys_to_console runs once per instance, and GetConsoleOutput returns the output of the last boot
only (cloud-init documentation; EC2 API reference). So they are read right after the launch. In the instance's tags they
are found by other machines, by CI, and after the loss of the state. A caller who may write these tags may also replace
the builder.
"""

import re
from datetime import UTC, datetime
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.errors import AwsprovError

BOOT = 900  # seconds after a launch in which cloud-init prints the host keys
HOST_KEY_TAG = "awsprov:host-key:"  # with the type of the key, as ssh-ed25519
_MAX_TAG_VALUE = 256  # characters (EC2 user guide, tag restrictions); RSA keys are longer
_BLOCK = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)
_FINISHED = re.compile(r"Cloud-init v\. \S+ finished at")  # the last line of cloud-init at each boot
_KEY = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+=*")


def console_output(aws: Aws, instance: str) -> str:
    """Return what an instance printed on its console since its last boot; only some of that if it is not a Nitro type.

    The option Latest is for Nitro types only (EC2 API reference). Other types report some minutes after the boot.
    """
    try:
        return aws.ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", "")
    except ClientError as error:
        if error_code(error) != "UnsupportedOperation":
            raise
        return aws.ec2.get_console_output(InstanceId=instance).get("Output", "")


def printed_host_keys(console: str) -> tuple[str, ...]:
    """Return the host keys in an instance's console output, each as `type base64`."""
    block = _BLOCK.search(console)
    lines = block.group(1).replace("\r", "").split("\n") if block else []
    return tuple(" ".join(line.split()[:2]) for line in lines if line.strip())


def read_host_keys(aws: Aws, instance: str) -> tuple[str, ...]:
    """Return the host keys on an instance's console; none before cloud-init prints them.

    Raises:
        AwsprovError: cloud-init no longer prints them.
    """
    console = console_output(aws, instance)
    keys = printed_host_keys(console)
    if not keys and _FINISHED.search(console):
        raise AwsprovError(
            "The builder's host key is not known, so no SSH session is opened.",
            why=f"{instance} has it neither in its tags nor on its console, which shows it after the first boot only.",
            remedy="`awsprov up` creates a new builder.",
        )
    return keys


def host_keys_lost(aws: Aws, instance: dict[str, Any]) -> bool:
    """Return whether an instance has its host keys neither in its tags nor, now or later, on its console.

    Arguments:
        aws: the clients.
        instance: its description.
    """
    if tagged_host_keys(instance):
        return False
    console = console_output(aws, instance["InstanceId"])
    boots = instance["State"]["Name"] in ("pending", "running") and not _FINISHED.search(console)
    young = (datetime.now(UTC) - instance["LaunchTime"]).total_seconds() < BOOT
    return not printed_host_keys(console) and not (boots and young)


def tag_host_keys(aws: Aws, instance: str, keys: tuple[str, ...]) -> None:
    """Write host keys to the tags of an instance."""
    pairs = [key.split(" ") for key in keys]
    short = [(kind, value) for kind, value in pairs if len(value) <= _MAX_TAG_VALUE]
    aws.ec2.create_tags(
        Resources=[instance], Tags=[{"Key": f"{HOST_KEY_TAG}{kind}", "Value": value} for kind, value in short]
    )


def tagged_host_keys(instance: dict[str, Any]) -> tuple[str, ...]:
    """Return the host keys in the tags of an instance, each as `type base64`.

    Arguments:
        instance: its description.
    """
    tags = [tag for tag in instance.get("Tags", []) if tag["Key"].startswith(HOST_KEY_TAG)]
    keys = [f"{tag['Key'].removeprefix(HOST_KEY_TAG)} {tag['Value']}" for tag in tags]
    return tuple(key for key in keys if _KEY.fullmatch(key))
