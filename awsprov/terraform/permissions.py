"""Finds the permissions in Terraform that awsprov's roles do not have."""

import json
import re
from collections.abc import Iterator
from typing import Any

from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Unknown, unknowns

# Actions and managed policies of which awsprov's roles have what they need.
_GRANTED = re.compile(
    r"logs:.*|xray:Put.*|ec2:.*NetworkInterface.*|elasticfilesystem:Client.*|ssm:GetParameters?|kms:Decrypt|"
    r"secretsmanager:GetSecretValue|lambda:InvokeFunction|sts:AssumeRole|ssm(messages)?:.*Channel|ec2messages:.*",
    re.IGNORECASE,
)
_MANAGED = re.compile(
    r"AWSLambdaBasicExecutionRole|AWSLambdaVPCAccessExecutionRole|AWSXRayDaemonWriteAccess|AWSXrayWriteOnlyAccess|"
    r"AmazonSSMManagedInstanceCore|AmazonElasticFileSystemClient\w+|AmazonAPIGatewayPushToCloudWatchLogs"
)


def note_permissions(infrastructure: Infrastructure, findings: Findings) -> None:
    """Add a note for each policy with permissions that are not carried over."""
    for policy in infrastructure.of("aws_iam_role_policy", "aws_iam_policy"):
        _note_actions(policy, policy.get("policy"), infrastructure, findings)
    for role in infrastructure.of("aws_iam_role"):
        for inline in role.blocks("inline_policy"):
            _note_actions(role, inline.get("policy"), infrastructure, findings)
        arns = role.get("managed_policy_arns")
        for arn in arns if isinstance(arns, list) else []:
            _note_managed(role, arn, findings)
    for attachment in infrastructure.of("aws_iam_role_policy_attachment"):
        _note_managed(attachment, attachment.get("policy_arn"), findings)


def _note_actions(place: ParsedResource, policy: Any, infrastructure: Infrastructure, findings: Findings) -> None:
    statements = list(_statements(policy, infrastructure))
    actions = [action for statement in statements for action in _actions(statement) if not _GRANTED.fullmatch(action)]
    if actions:
        listed = ", ".join(dict.fromkeys(actions))
        findings.note(place, f"functions of awsprov do not get these permissions: {listed}")
    elif not statements and policy is not None:
        reason = policy.reason if isinstance(policy, Unknown) else "cannot be read"
        findings.note(place, f"its policy {reason}; functions of awsprov do not get its permissions")


def _note_managed(place: ParsedResource, arn: Any, findings: Findings) -> None:
    """Note a managed policy of AWS; those of the configuration itself are noted where they are written."""
    if isinstance(arn, str) and not _MANAGED.search(arn):
        findings.note(place, f"functions of awsprov do not get the permissions of {arn.rsplit('/', 1)[-1]}")


def _statements(policy: Any, infrastructure: Infrastructure) -> Iterator[dict[str, Any]]:
    """Yield the statements of a policy: JSON, statements of a module, or a data source that it comes from."""
    references = {address for each in unknowns(policy) for address in each.references}
    for document in infrastructure.data("aws_iam_policy_document"):
        if document.address in references:
            yield from document.blocks("statement")
    found: Any = policy
    text = policy.text if isinstance(policy, Unknown) else policy
    if isinstance(text, str):
        try:
            found = json.loads(text).get("Statement", [])
        except (ValueError, AttributeError, RecursionError):
            return
    elif isinstance(policy, dict):
        found = list(policy.values())
    yield from [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _actions(statement: dict[str, Any]) -> list[str]:
    """Return the actions that a statement allows."""
    if statement.get("Effect", statement.get("effect", "Allow")) != "Allow":
        return []
    found = statement.get("Action") or statement.get("actions") or []
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str)]
