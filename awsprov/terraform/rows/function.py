"""Log groups, functions and their `live` aliases in Terraform."""

from typing import Any

from awsprov.aws.limits import FREE_TMP
from awsprov.resources.api.access_log import ApiLogGroup
from awsprov.resources.function.alias import LIVE, Alias
from awsprov.resources.function.entry_point import entry_point
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.function.published_versions import published
from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.identity.roles import Role
from awsprov.resources.storage.file_system import MountTarget
from awsprov.terraform.expressions import Expression, template
from awsprov.terraform.rows.identity import attachment_address
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext


def _log_group(group: LogGroup, _: TerraformContext) -> Arguments:
    return {"name": group.id, "retention_in_days": group.days}


def _api_log_group(group: ApiLogGroup, context: TerraformContext) -> Arguments:
    name = template(group.prefix, context.reference(group.api), f"/{group.stage}")
    return {"name": name, "retention_in_days": group.days}


def variable_name(function: Function, context: TerraformContext) -> str:
    """Return the name of the Terraform variable that holds a function's environment variables."""
    return f"{context.name(function)}_environment"


def code_file(function: Function) -> str:
    """Return the name of the file with a function's code, in the directory that is written."""
    return f"{function.name}.zip"


def _function(function: Function, context: TerraformContext) -> Arguments:
    found: Any = context.aws.lambda_.get_function_configuration(FunctionName=function.id)
    code = f'"${{path.module}}/{code_file(function)}"'
    role = function.role
    attachments = [attachment_address(role, context)] if isinstance(role, Role) else []
    targets = [each for each in function.mount_targets if isinstance(each, MountTarget)]
    needs = [*attachments, *map(context.address, targets)]
    return {
        "function_name": function.id,
        "description": found.get("Description") or None,
        "role": role.id if isinstance(role, ExistingRole) else context.reference(role, "arn"),
        "handler": entry_point(function.handler, function.variables),
        "runtime": function.runtime,
        "architectures": [function.architecture],
        "memory_size": found["MemorySize"],
        "timeout": found["Timeout"],
        "ephemeral_storage": [{"size": found.get("EphemeralStorage", {}).get("Size", FREE_TMP)}],
        "reserved_concurrent_executions": function.concurrency,
        "kms_key_arn": found.get("KMSKeyArn") or None,
        "filename": Expression(code),
        "source_code_hash": Expression(f"filebase64sha256({code})"),
        "publish": True,
        "environment": [{"variables": Expression(f"var.{variable_name(function, context)}")}],
        "vpc_config": [
            {
                "subnet_ids": context.references(function.subnets),
                "security_group_ids": context.references(function.all_groups),
            }
        ],
        "file_system_config": [
            {
                "arn": context.reference(function.access_point, "arn"),
                "local_mount_path": found["FileSystemConfigs"][0]["LocalMountPath"],
            }
        ],
        "logging_config": [{"log_format": "Text", "log_group": context.reference(function.log_group, "name")}],
        "tracing_config": [{"mode": "Active" if function.traced else "PassThrough"}],
        "depends_on": [Expression(each) for each in needs],
    }


def _alias(alias: Alias, context: TerraformContext) -> Arguments:
    function = alias.function.id
    found = context.aws.lambda_.get_alias(FunctionName=function, Name=LIVE)
    newest = published(context.aws, function)[-1]["Version"]
    version = found["FunctionVersion"]
    return {
        "name": LIVE,
        "description": found["Description"],
        "function_name": context.reference(alias.function, "function_name"),
        "function_version": context.reference(alias.function, "version") if version == newest else version,
    }


def _alias_import_id(alias: Alias, _: TerraformContext) -> str:
    return alias.id.replace(":", "/")


ROWS: Rows = {
    LogGroup: Row("aws_cloudwatch_log_group", _log_group),
    ApiLogGroup: Row("aws_cloudwatch_log_group", _api_log_group),
    Function: Row("aws_lambda_function", _function),
    Alias: Row("aws_lambda_alias", _alias, _alias_import_id),
}
