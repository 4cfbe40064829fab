"""Invocations of a new version, which EFS may refuse for some minutes."""

import pytest
from botocore.exceptions import ClientError

from awsprov.aws.client import Aws
from awsprov.aws.errors import error_code
from awsprov.aws.invocation import invoke_new_version, to_utf8
from tests.unit.endpoint import Endpoint

REFUSED = ("EFSMountFailureException", "The function couldn't mount the Amazon EFS file system")


def test_a_function_that_did_not_run_is_invoked_again(aws: Aws, endpoint: Endpoint) -> None:
    endpoint.errors = [REFUSED, ("EFSMountTimeoutException", ""), ("TooManyRequestsException", "Rate Exceeded.")]
    assert invoke_new_version(aws, "f", "1", b"{}", within=20).payload == b"{}"
    assert len(endpoint.requests) == 4


@pytest.mark.parametrize("code", ["EFSMountFailureException", "EFSMountConnectivityException", "TooManyRequests"])
def test_what_lasts_and_what_is_another_error_is_raised(aws: Aws, endpoint: Endpoint, code: str) -> None:
    endpoint.errors = [(code, "")] * 50
    with pytest.raises(ClientError) as caught:
        invoke_new_version(aws, "f", "1", b"{}", within=0.5)
    assert error_code(caught.value) == code
    assert (len(endpoint.requests) > 1) is (code == REFUSED[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_json_text_of_any_encoding_is_sent_in_utf8_without_a_mark(encoding: str) -> None:
    """Windows PowerShell writes UTF-16, and its editor UTF-8 with a byte order mark, which json.loads(text) refuses."""
    assert to_utf8('{"name": "Jürgen"}\r\n'.encode(encoding)) == '{"name": "Jürgen"}\r\n'.encode()


@pytest.mark.parametrize("content", [b"nonsense", b"", b'"\xfc"', b'"\xed\xa0\x80"'])
def test_what_is_not_json_in_unicode_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        to_utf8(content)
