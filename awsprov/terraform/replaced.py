"""The resources of Terraform that a stack of awsprov has, too, and notes on all others."""

import re

from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource

# Resource types that awsprov creates by itself, with settings of its own.
_REPLACED = re.compile(
    r"aws_(subnet|internet_gateway|nat_gateway|eip|eip_association|route|route_table|route_table_association|"
    r"(default_)?security_group.*|vpc_security_.*|main_route_table_association|key_pair|efs_.*|iam_.*|"
    r"lambda_(permission|alias|function_url)|"
    r"cloudwatch_log_group|vpc|instance|lambda_function|s3_object|s3_bucket_object|"
    r"api_gateway_(rest_api|resource|method|integration|deployment|stage|method_response|integration_response|account|"
    r"api_key|usage_plan|usage_plan_key|gateway_response|method_settings|request_validator)|"
    r"apigatewayv2_(api|route|stage|integration|deployment|authorizer))"
)
_ACL = "is not converted; awsprov creates a network ACL with rules of its own"
# Notes on types that awsprov creates in another form.
_NOTES = {
    "aws_vpc_endpoint": "is not converted; `network.endpoints` creates gateway endpoints of S3 and DynamoDB",
    "aws_network_acl": _ACL,
    "aws_network_acl_rule": _ACL,
}
_HELPERS = re.compile(r"(null|random|tls|local|archive|time|terraform)_")


def is_replaced(block: ParsedResource) -> bool:
    """Return whether awsprov creates such a resource."""
    return not block.is_data and bool(_REPLACED.fullmatch(block.type))


def note_others(found: Infrastructure, findings: Findings) -> None:
    """Note the resources that awsprov does not create, without those that only Terraform itself needs."""
    for block in found.resources:
        if not block.is_data and not is_replaced(block) and not _HELPERS.match(block.type):
            findings.note(block, _NOTES.get(block.type, "awsprov does not create this"))
