"""The resources that the usual modules of the Terraform Registry create, as far as config.yaml has keys for them.

The arguments are those in the documentation of terraform-aws-modules/lambda and terraform-aws-modules/vpc.
"""

from typing import Any

from awsprov.terraform.resource import ParsedResource
from awsprov.terraform.values import Unknown

_SAME = ("handler", "runtime", "memory_size", "timeout", "function_name", "reserved_concurrent_executions", "layers")


def registry_resources(module: ParsedResource) -> list[ParsedResource]:
    """Return the resources of a module; none if it is not one of those here."""
    source = module.get("source")
    name = source.removeprefix("registry.terraform.io/").split("//")[0] if isinstance(source, str) else ""
    if "terraform-aws-lambda" in name or name == "terraform-aws-modules/lambda/aws":
        return _lambda(module)
    if "terraform-aws-vpc" in name or name == "terraform-aws-modules/vpc/aws":
        return _vpc(module)
    return []


def _resource(
    module: ParsedResource, kind: str, values: dict[str, Any], key: str = "", *, is_data: bool = False
) -> ParsedResource:
    address = f"{module.address}.{kind}.this{key and f'[{key}]'}"
    given = {name: value for name, value in values.items() if value is not None}
    return ParsedResource(kind, module.name, address, module.file, given, module.directory, module.key, is_data)


def _lambda(module: ParsedResource) -> list[ParsedResource]:
    """Return a function, its archive and its log group."""
    values = {name: module.get(name) for name in _SAME}
    values["environment"] = [{"variables": module.get("environment_variables") or {}}]
    values["architectures"] = module.get("architectures")
    if (size := module.get("ephemeral_storage_size")) is not None:
        values["ephemeral_storage"] = [{"size": size}]
    values["vpc_config"] = [{"subnet_ids": subnets}] if (subnets := module.get("vpc_subnet_ids")) else None
    archive = f"{module.address}.package.zip"
    values["filename"] = module.get("local_existing_package") or archive
    policies = [name for name in ("policy_json", "policy_statements") if module.get(name)]
    found = [_resource(module, "aws_lambda_function", values)]
    if path := _source_path(module.get("source_path")):
        found.append(_resource(module, "archive_file", {"source_dir": path, "output_path": archive}, is_data=True))
    if days := module.get("cloudwatch_logs_retention_in_days"):
        group = {"retention_in_days": days, "name": f"/aws/lambda/{module.get('function_name')}"}
        found.append(_resource(module, "aws_cloudwatch_log_group", group))
    found += [_resource(module, "aws_iam_role_policy", {"policy": module.get(name)}, name) for name in policies]
    listed = module.get("policies")
    arns = [module.get("policy"), *(listed if isinstance(listed, list) else [])]
    attachments = [{"policy_arn": arn} for arn in arns if arn is not None]
    return found + [_resource(module, "aws_iam_role_policy_attachment", each) for each in attachments]


def _source_path(value: Any) -> Any:
    """Return the first path of `source_path`, which is a path, a list of them, or a list of maps with `path`."""
    if isinstance(value, list):
        return _source_path(value[0]) if value else None
    return _source_path(value.get("path")) if isinstance(value, dict) else value


def _vpc(module: ParsedResource) -> list[ParsedResource]:
    """Return a VPC, a private and a public subnet for each zone, and its NAT gateways."""
    found = [_resource(module, "aws_vpc", {"cidr_block": module.get("cidr")})]
    zones = module.get("azs")
    names = zones if isinstance(zones, list) else [zones] if isinstance(zones, Unknown) else []
    found += [
        _resource(module, "aws_subnet", {"availability_zone": zone}, str(number)) for number, zone in enumerate(names)
    ]
    if module.get("enable_nat_gateway") is True:
        count = 1 if module.get("single_nat_gateway") is True else max(len(names), 1)
        found += [_resource(module, "aws_nat_gateway", {}, str(number)) for number in range(count)]
    return found
