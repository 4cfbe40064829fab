"""The host keys of the builder: on the console, and in its tags."""

import pytest

from awsprov.aws.client import Aws
from awsprov.resources.compute.host_keys import console_output, printed_host_keys, tagged_host_keys
from tests.unit.endpoint import Endpoint

# The end of the console of Amazon Linux 2023, whose serial console has carriage returns.
CONSOLE = """\
[   14.2] cloud-init[1600]: Cloud-init v. 22.2.2 running 'modules:final' at Fri, 16 Jan 2026 10:00:00 +0000.\r
-----BEGIN SSH HOST KEY KEYS-----\r
ecdsa-sha2-nistp256 AAAAE2VjZHNh root@ip-10-0-0-5.ec2.internal\r
ssh-ed25519 AAAAC3NzaC1l root@ip-10-0-0-5.ec2.internal\r
-----END SSH HOST KEY KEYS-----\r
"""


def test_the_keys_of_the_console_have_neither_comments_nor_carriage_returns() -> None:
    assert printed_host_keys(CONSOLE) == ("ecdsa-sha2-nistp256 AAAAE2VjZHNh", "ssh-ed25519 AAAAC3NzaC1l")
    assert printed_host_keys(CONSOLE.partition("-----END")[0]) == ()


@pytest.mark.parametrize(
    ("value", "found"),
    [("AAAAC3NzaC1l", ("ssh-ed25519 AAAAC3NzaC1l",)), ("AAAA\ni-2 ssh-ed25519 BBBB", ()), ("", ())],
)
def test_only_keys_are_taken_from_tags(value: str, found: tuple[str, ...]) -> None:
    tags = [{"Key": "Name", "Value": "builder"}, {"Key": "awsprov:host-key:ssh-ed25519", "Value": value}]
    assert tagged_host_keys({"Tags": tags}) == found


def test_a_type_that_cannot_report_the_latest_output_is_called_without_it(aws: Aws, endpoint: Endpoint) -> None:
    endpoint.errors = [("UnsupportedOperation", "This instance type does not support retrieving the latest console.")]
    console_output(aws, "i-1")
    assert len(endpoint.requests) == 2
