"""Carries the permissions of functions' roles in Terraform over to config.yaml, and notes those that it cannot."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from awsprov.config.role_permission import RolePermission
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Unknown, is_sensitive, unknowns

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
_EXPRESSIBLE = {"sid", "effect", "action", "actions", "resource", "resources"}  # what a line can express, in lower case
_Placed = tuple[ParsedResource, Any]  # a value with the resource that it is noted for


def role_permissions(function: ParsedResource, infrastructure: Infrastructure) -> list[str]:
    """Return the permissions of a function's role, as lines of config.yaml, as far as lines can express them."""
    lines: list[str] = []
    for role in _roles(function, infrastructure):
        for _, policy in _policies(role, infrastructure):
            for statement in _statements(policy, infrastructure):
                lines += _lines(statement)
        arns = [arn for _, arn in _managed(role, infrastructure) if isinstance(arn, str)]
        lines += [arn for arn in arns if not _MANAGED.search(arn) and _is_line(arn)]
    return list(dict.fromkeys(lines))


def note_permissions(infrastructure: Infrastructure, functions: Collection[ParsedResource], findings: Findings) -> None:
    """Add a note for each policy with permissions that are not carried over.

    Arguments:
        functions: those whose permissions are carried over.
    """
    roles = [role for function in functions for role in _roles(function, infrastructure)]
    carried = {
        id(place) for role in roles for place, _ in (*_policies(role, infrastructure), *_managed(role, infrastructure))
    }
    for place, policy in _all_policies(infrastructure):
        _note_actions(place, policy, infrastructure, findings, carried=id(place) in carried)
    for place, arn in _all_managed(infrastructure):
        is_line = id(place) in carried and _is_line(arn)
        if isinstance(arn, str) and not (is_line or _MANAGED.search(arn)):
            findings.note(place, f"functions of awsprov do not get the permissions of {arn.rsplit('/', 1)[-1]}")


def _roles(function: ParsedResource, infrastructure: Infrastructure) -> list[ParsedResource]:
    return [role for role in infrastructure.of("aws_iam_role") if role.refers_to(function.get("role"))]


def _all_policies(infrastructure: Infrastructure) -> Iterator[_Placed]:
    for policy in infrastructure.of("aws_iam_role_policy", "aws_iam_policy"):
        yield policy, policy.get("policy")
    for role in infrastructure.of("aws_iam_role"):
        yield from ((role, inline.get("policy")) for inline in role.blocks("inline_policy"))


def _policies(role: ParsedResource, infrastructure: Infrastructure) -> Iterator[_Placed]:
    """Yield the policies of a role that the configuration contains."""
    attached = [arn for _, arn in _managed(role, infrastructure)]
    for place, policy in _all_policies(infrastructure):
        if place.type == "aws_iam_policy":
            is_of_role = any(place.refers_to(arn) for arn in attached)
        else:
            is_of_role = place is role or _names_role(place, role)
        if is_of_role:
            yield place, policy


def _all_managed(infrastructure: Infrastructure) -> Iterator[_Placed]:
    for role in infrastructure.of("aws_iam_role"):
        arns = role.get("managed_policy_arns")
        yield from ((role, arn) for arn in (arns if isinstance(arns, list) else []))
    for attachment in infrastructure.of("aws_iam_role_policy_attachment"):
        yield attachment, attachment.get("policy_arn")


def _managed(role: ParsedResource, infrastructure: Infrastructure) -> Iterator[_Placed]:
    """Yield the ARNs of the managed policies of a role, or the references to them."""
    for place, arn in _all_managed(infrastructure):
        if place is role or _names_role(place, role):
            yield place, arn


def _names_role(place: ParsedResource, role: ParsedResource) -> bool:
    given, name = place.get("role"), role.get("name")
    return role.refers_to(given) or (isinstance(name, str) and given == name)


def _note_actions(
    place: ParsedResource, policy: Any, infrastructure: Infrastructure, findings: Findings, *, carried: bool
) -> None:
    statements = list(_statements(policy, infrastructure))
    left = [each for each in statements if not (carried and _lines(each))]
    if actions := [action for statement in left for action in _actions(statement)]:
        listed = ", ".join(dict.fromkeys(actions))
        findings.note(place, f"functions of awsprov do not get these permissions: {listed}")
    elif not statements and policy is not None:
        reason = policy.reason if isinstance(policy, Unknown) else "cannot be read"
        findings.note(place, f"its policy {reason}; functions of awsprov do not get its permissions")


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
    """Return the actions that a statement allows, without those that every function has."""
    if statement.get("Effect", statement.get("effect", "Allow")) != "Allow":
        return []
    found = _listed(statement.get("Action") or statement.get("actions"))
    return [each for each in found if isinstance(each, str) and not _GRANTED.fullmatch(each)]


def _lines(statement: dict[str, Any]) -> list[str]:
    """Return a statement as lines of config.yaml; nothing if lines cannot express all of it."""
    resources = _listed(statement.get("Resource") or statement.get("resources"))
    others = {key for key, value in statement.items() if value and key.lower() not in _EXPRESSIBLE}
    if others or not resources or not all(_is_plain(each) for each in resources):
        return []
    by_service: dict[str, list[str]] = {}
    for action in _actions(statement):
        service, _, name = action.partition(":")
        by_service.setdefault(service, []).append(name)
    lines = [f"{service}:{','.join(names)} on {each}" for service, names in by_service.items() for each in resources]
    return lines if all(map(_is_line, lines)) else []


def _is_plain(resource: Any) -> bool:
    """Return whether a resource is known; in a string that is not, `<?…?>` is in place of each unknown part."""
    return isinstance(resource, str) and not is_sensitive(resource) and "?" not in resource


def _is_line(text: Any) -> bool:
    try:
        RolePermission.parse(text)
    except ValueError:
        return False
    return True


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
