"""Finds the secrets on AWS that Terraform reads: parameters of Systems Manager, and secrets of Secrets Manager."""

from typing import Any

from awsprov.config.variables import is_secret_reference
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Sensitive, Unknown

# The attribute with the secret's value, by type.
_VALUES = {"aws_ssm_parameter": "value", "aws_secretsmanager_secret_version": "secret_string"}


def stored_reference(value: Any, infrastructure: Infrastructure) -> str:
    """Return the reference of the secret whose whole value this is; empty if it is none that exists on AWS."""
    if not isinstance(value, Unknown):
        return ""
    for source in (each for kind in _VALUES for each in infrastructure.data(kind)):
        if value.expression == f"{source.address}.{_VALUES[source.type]}":
            name = source.get("name") if source.type == "aws_ssm_parameter" else _secret_name(source, infrastructure)
            reference = f"{'ssm' if source.type == 'aws_ssm_parameter' else 'secretsmanager'}:{name}"
            known = isinstance(name, str) and not isinstance(name, Sensitive)
            return reference if known and is_secret_reference(reference) else ""
    return ""


def _secret_name(version: ParsedResource, infrastructure: Infrastructure) -> Any:
    """Return the name of the secret that a version belongs to: its id is a name, or that of a data source."""
    identifier = version.get("secret_id")
    for secret in infrastructure.data("aws_secretsmanager_secret"):
        if secret.refers_to(identifier):
            return secret.get("name")
    return identifier
