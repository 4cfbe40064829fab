"""What EC2 means by "not authorized": the reason is in a coded message, which STS reads out to who may ask for it."""

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awsprov.aws.client import Aws

_CODED = re.compile(r"Encoded authorization failure message: (\S+)")


def spell_out(aws: "Aws", parsed: dict[str, Any], **_: Any) -> None:
    """Botocore's hook after a call: puts the reason of a refusal where its code was.

    Who may not call sts:DecodeAuthorizationMessage keeps what EC2 said.
    """
    error = parsed.get("Error", {})
    coded = _CODED.search(error.get("Message") or "")
    if error.get("Code") == "UnauthorizedOperation" and coded:
        with suppress(Exception):  # whatever is wrong with this call, the other one's refusal is what matters
            told = json.loads(aws.sts.decode_authorization_message(EncodedMessage=coded[1])["DecodedMessage"])
            plain = error["Message"][: coded.start()].partition(" User: ")[0].strip()
            error["Message"] = f"{plain} {_reason(told)}"


def _reason(told: dict[str, Any]) -> str:
    """Who may not do what, on what, and why; by STS's API reference, DecodeAuthorizationMessage."""
    context, statements = told["context"], told.get("matchedStatements", {}).get("items", [])
    names = ", ".join(found["statementId"] for found in statements if found.get("statementId"))
    why = f"a policy denies it{f' ({names})' if names else ''}" if told["explicitDeny"] else "no policy allows it"
    return f"{context['principal']['arn']} may not call {context['action']} on {context['resource']}: {why}."
