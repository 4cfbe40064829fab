"""The quotas of IAM for the size and number of policies. Whitespace does not count."""

import re
from collections.abc import Iterator
from typing import Any

from moto.iam.models import iam_backends

from awsprov.local.behaviour.fidelity_row import GUIDE, REPORTS
from awsprov.local.behaviour.validation import ValidationRule
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall

MANAGED_POLICY, TRUST_POLICY = 6144, 2048  # characters
ATTACHED_POLICIES = 10
INLINE_POLICIES = {"Role": 10_240, "Group": 5120, "User": 2048}  # characters of all inline policies together


def _size(document: Any) -> int:
    """Return the characters of a policy that count: all but whitespace."""
    return len(re.sub(r"\s", "", str(document or "")))


def _managed_policy(call: ApiCall) -> Iterator[str]:
    if _size(call.params.get("PolicyDocument")) > MANAGED_POLICY:
        yield f"Cannot exceed quota for PolicySize: {MANAGED_POLICY}"


def _trust_policy(call: ApiCall) -> Iterator[str]:
    document = call.params.get("AssumeRolePolicyDocument") or call.params.get("PolicyDocument")
    if _size(document) > TRUST_POLICY:
        yield f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY}"


def _identity(call: ApiCall) -> tuple[str, Any]:
    """Return what a call is about, `Role`, `User` or `Group`, and moto's record of it; None if it does not exist."""
    kind = next(kind for kind in INLINE_POLICIES if kind in call.operation)
    iam, name = iam_backends[ACCOUNT]["aws"], call.params.get(f"{kind}Name")
    identities = {"Role": iam.roles, "User": iam.users, "Group": iam.groups}[kind].values()
    return kind, next((each for each in identities if each.name == name), None)


def _inline_policies(call: ApiCall) -> Iterator[str]:
    kind, identity = _identity(call)
    if identity is None:
        return
    documents = {**identity.policies, call.params.get("PolicyName"): call.params.get("PolicyDocument")}
    if sum(map(_size, documents.values())) > INLINE_POLICIES[kind]:
        yield f"Maximum policy size of {INLINE_POLICIES[kind]} bytes exceeded for {kind.lower()} {identity.name}"


def _attached_policies(call: ApiCall) -> Iterator[str]:
    kind, identity = _identity(call)
    if identity is None:
        return
    if len({*identity.managed_policies, call.params.get("PolicyArn")}) > ATTACHED_POLICIES:
        yield f"Cannot exceed quota for PoliciesPer{kind}: {ATTACHED_POLICIES}"


def _same_tags(call: ApiCall) -> Iterator[str]:
    keys = [str(tag.get("Key")).lower() for tag in call.params.get("Tags") or []]
    if len(set(keys)) < len(keys):
        yield "Duplicate tag keys found. Please note that Tag keys are case insensitive."


_TAGGED = ("Role", "User", "Policy", "InstanceProfile")
_QUOTA = "LimitExceeded"
_IAM_SOURCE = f"{GUIDE} (IAM quotas); {REPORTS}"

IAM_LIMITS = (
    ValidationRule(
        ("iam:CreatePolicy", "iam:CreatePolicyVersion"),
        f"A managed policy of more than {MANAGED_POLICY} characters",
        _managed_policy,
        _QUOTA,
        status=409,
        source=_IAM_SOURCE,
    ),
    ValidationRule(
        ("iam:CreateRole", "iam:UpdateAssumeRolePolicy"),
        f"A trust policy of more than {TRUST_POLICY} characters",
        _trust_policy,
        _QUOTA,
        status=409,
        source=_IAM_SOURCE,
    ),
    ValidationRule(
        tuple(f"iam:Put{kind}Policy" for kind in INLINE_POLICIES),
        "Inline policies that together have more than "
        + ", ".join(f"{limit} characters for a {kind.lower()}" for kind, limit in INLINE_POLICIES.items()),
        _inline_policies,
        _QUOTA,
        status=409,
        source=_IAM_SOURCE,
    ),
    ValidationRule(
        tuple(f"iam:Attach{kind}Policy" for kind in INLINE_POLICIES),
        f"More than {ATTACHED_POLICIES} attached policies",
        _attached_policies,
        _QUOTA,
        status=409,
        source=_IAM_SOURCE,
    ),
    ValidationRule(
        tuple(f"iam:{verb}{kind}" for verb in ("Create", "Tag") for kind in _TAGGED),
        "Tags whose keys differ in case only",
        _same_tags,
        "InvalidInput",
        source=f"{GUIDE} (IAM user guide, Tags for IAM resources); {REPORTS}",
    ),
)
