"""Log groups, functions and their `live` aliases in CloudFormation."""

from collections.abc import Iterator
from typing import Any

from awsprov.aws.limits import FREE_TMP
from awsprov.cloudformation.template import (
    CloudFormationRows,
    Properties,
    TemplateContext,
    TemplateResource,
    logical_id,
)
from awsprov.resources.api.access_log import ApiLogGroup
from awsprov.resources.function.alias import LIVE, Alias
from awsprov.resources.function.entry_point import entry_point
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import CloudWatchLogGroup, LogGroup
from awsprov.resources.identity.existing import ExistingRole

CODE_BUCKET = "CodeBucket"  # the parameter with the S3 bucket of the functions' code


def variable_parameters(function: Function, context: TemplateContext) -> dict[str, str]:
    """Return the template's parameter for each environment variable of a function, by the variable's name."""
    return {name: f"{context.name(function)}Variable{logical_id(name)}" for name in function.variable_names}


def code_key(function: Function) -> str:
    """Return the S3 key of a function's code, which is also the name of its file in the directory."""
    return f"{function.name}.zip"


def _log_group(group: CloudWatchLogGroup, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {"LogGroupName": group.id, "RetentionInDays": group.days, "Tags": context.tags(group)}
    yield TemplateResource(context.name(group), "AWS::Logs::LogGroup", properties, {"LogGroupName": group.id})


def _function(function: Function, context: TemplateContext) -> Iterator[TemplateResource]:
    found: Any = context.aws.lambda_.get_function_configuration(FunctionName=function.id)
    variables, role = variable_parameters(function, context), function.role
    properties = {
        "FunctionName": function.id,
        "Description": found.get("Description") or None,
        "Role": role.id if isinstance(role, ExistingRole) else context.attribute(role, "Arn"),
        "Handler": entry_point(function.handler, function.variables),
        "Runtime": function.runtime,
        "Architectures": [function.architecture],
        "MemorySize": found["MemorySize"],
        "Timeout": found["Timeout"],
        "EphemeralStorage": {"Size": found.get("EphemeralStorage", {}).get("Size", FREE_TMP)},
        "ReservedConcurrentExecutions": function.concurrency,
        "KmsKeyArn": found.get("KMSKeyArn") or None,
        "Code": {"S3Bucket": {"Ref": CODE_BUCKET}, "S3Key": code_key(function)},
        "Environment": {"Variables": {name: {"Ref": parameter} for name, parameter in variables.items()}},
        **_connections(function, context, found),
        "TracingConfig": {"Mode": "Active" if function.traced else "PassThrough"},
        "Tags": context.tags(function),
    }
    yield TemplateResource(context.name(function), "AWS::Lambda::Function", properties, {"FunctionName": function.id})


def _connections(function: Function, context: TemplateContext, found: Any) -> Properties:
    """Return the properties for network, file system and log."""
    mount = {
        "Arn": context.attribute(function.access_point, "Arn"),
        "LocalMountPath": found["FileSystemConfigs"][0]["LocalMountPath"],
    }
    return {
        "VpcConfig": {
            "SubnetIds": context.refs(function.subnets),
            "SecurityGroupIds": [context.attribute(group, "GroupId") for group in function.all_groups],
        },
        "FileSystemConfigs": [mount],
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": context.ref(function.log_group)},
    }


def _alias(alias: Alias, context: TemplateContext) -> Iterator[TemplateResource]:
    found = context.aws.lambda_.get_alias(FunctionName=alias.function.id, Name=LIVE)
    properties = {
        "Name": LIVE,
        "Description": found["Description"],
        "FunctionName": context.ref(alias.function),
        "FunctionVersion": found["FunctionVersion"],
    }
    yield TemplateResource(context.name(alias), "AWS::Lambda::Alias", properties, {"AliasArn": alias.arn(context.aws)})


ROWS: CloudFormationRows = {LogGroup: _log_group, ApiLogGroup: _log_group, Function: _function, Alias: _alias}
