"""Denials of EC2: the encoded part of the message is replaced by its reason, where it can be decoded."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.aws.errors import decode_denial, explain
from awsprov.errors import AwsprovError, CredentialsError, UsageError

PLAIN = "You are not authorized to perform this operation. User: arn:aws:iam::1:user/e is not authorized to perform: x"
ENCODED = f"{PLAIN}. Encoded authorization failure message: c0de-_"
CONTEXT = {"principal": {"arn": "arn:aws:iam::1:user/e"}, "action": "ec2:RunInstances", "resource": "arn:aws:ec2:x"}


class Decoder:
    """Decodes each message to the same document, or raises; records the messages."""

    def __init__(self, result: Any) -> None:
        self.result, self.messages = result, list[str]()

    def __call__(self, message: str) -> str:
        self.messages.append(message)
        if isinstance(self.result, Exception):
            raise self.result
        return json.dumps(self.result)


def decoded(message: str, result: Any, code: str = "UnauthorizedOperation") -> tuple[str, list[str]]:
    """Return the message of an error after decoding, and the messages that were sent to be decoded."""
    decoder, parsed = Decoder(result), {"Error": {"Code": code, "Message": message}}
    decode_denial(decoder, parsed, http_response=None)
    return parsed["Error"]["Message"], decoder.messages


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"explicitDeny": False, "matchedStatements": {"items": []}}, "no policy allows it"),
        ({"explicitDeny": False}, "no policy allows it"),
        ({"explicitDeny": True}, "a policy denies it"),
        (
            {"explicitDeny": True, "matchedStatements": {"items": [{"statementId": "NoLargeOnes"}]}},
            "a policy denies it (NoLargeOnes)",
        ),
    ],
)
def test_the_message_names_caller_action_resource_and_reason(document: dict[str, Any], reason: str) -> None:
    message, codes = decoded(ENCODED, {**document, "context": CONTEXT})
    assert codes == ["c0de-_"]
    assert message == (
        "You are not authorized to perform this operation. "
        f"arn:aws:iam::1:user/e may not call ec2:RunInstances on arn:aws:ec2:x: {reason}."
    )


@pytest.mark.parametrize(
    "result",
    [ClientError({"Error": {"Code": "AccessDenied"}}, "DecodeAuthorizationMessage"), {"strange": 1}, OSError()],
)
def test_a_message_that_cannot_be_decoded_stays(result: Any) -> None:
    assert decoded(ENCODED, result)[0] == ENCODED


@pytest.mark.parametrize(("message", "code"), [(PLAIN, "UnauthorizedOperation"), (ENCODED, "DependencyViolation")])
def test_other_errors_are_not_decoded(message: str, code: str) -> None:
    assert decoded(message, {}, code) == (message, [])
    decode_denial(Decoder({}), {"Vpcs": []})


@pytest.mark.parametrize(
    ("code", "message", "kind", "remedy"),
    [
        (
            "InvalidParameterValueException",
            "The tag policy does not allow the specified value for the following tag key: 'team'.",
            UsageError,
            "`tags`",
        ),
        ("TagPolicyException", "The tag policy does not allow the specified value for 'team'.", UsageError, "`tags`"),
        (
            "AccessDenied",
            "User: x is not authorized to perform: iam:CreateRole with an explicit deny in a service control policy",
            CredentialsError,
            "`tags`",
        ),
        ("AccessDenied", "User: x is not authorized to perform: iam:CreateRole", CredentialsError, "permission"),
        (
            "InvalidParameterValueException",
            "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
            AwsprovError,
            "`functions.NAME.role`",
        ),
    ],
)
def test_a_refusal_is_explained_by_its_message(code: str, message: str, kind: type[Exception], remedy: str) -> None:
    error = explain(ClientError({"Error": {"Code": code, "Message": message}}, "CreateRole"))
    assert isinstance(error, kind)
    assert message in str(error.why)
    assert remedy in str(error.remedy)
