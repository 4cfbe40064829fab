"""EC2's refusals: their reason takes the place of its code, where it can be had."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.aws.denials import spell_out

SAID = "You are not authorized to perform this operation. User: arn:aws:iam::1:user/eva is not authorized to perform: x"
CODED = f"{SAID}. Encoded authorization failure message: c0de-_"
CONTEXT = {"principal": {"arn": "arn:aws:iam::1:user/eva"}, "action": "ec2:RunInstances", "resource": "arn:aws:ec2:x"}


class Asked:
    """Clients of which only STS answers: with what it was given, once."""

    def __init__(self, told: Any) -> None:
        self.sts, self.told, self.codes = self, told, []  # type: ignore[var-annotated]

    def decode_authorization_message(self, EncodedMessage: str) -> Any:  # noqa: N803 - AWS's name
        self.codes.append(EncodedMessage)
        if isinstance(self.told, Exception):
            raise self.told
        return {"DecodedMessage": json.dumps(self.told)}


def spelt(message: str, told: Any, code: str = "UnauthorizedOperation") -> tuple[str, list[str]]:
    """What becomes of an error's message, and what was asked to be decoded."""
    aws, parsed = Asked(told), {"Error": {"Code": code, "Message": message}}
    spell_out(aws, parsed, http_response=None)  # type: ignore[arg-type]
    return parsed["Error"]["Message"], aws.codes


@pytest.mark.parametrize(
    ("told", "reason"),
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
def test_who_may_not_do_what_on_what_and_why(told: dict[str, Any], reason: str) -> None:
    message, codes = spelt(CODED, {**told, "context": CONTEXT})
    assert codes == ["c0de-_"]
    assert message == (
        "You are not authorized to perform this operation. "
        f"arn:aws:iam::1:user/eva may not call ec2:RunInstances on arn:aws:ec2:x: {reason}."
    )


@pytest.mark.parametrize(
    "told", [ClientError({"Error": {"Code": "AccessDenied"}}, "DecodeAuthorizationMessage"), {"strange": 1}, OSError()]
)
def test_who_may_not_ask_keeps_what_ec2_said(told: Any) -> None:
    assert spelt(CODED, told)[0] == CODED


@pytest.mark.parametrize(("message", "code"), [(SAID, "UnauthorizedOperation"), (CODED, "DependencyViolation")])
def test_nothing_is_asked_about_other_errors(message: str, code: str) -> None:
    assert spelt(message, {}, code) == (message, [])
    spell_out(None, {"Vpcs": []})  # type: ignore[arg-type]
