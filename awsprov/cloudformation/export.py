"""Writes a stack as a directory with a CloudFormation template, and what an import change set needs."""

import json
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.cloudformation.readme import readme
from awsprov.cloudformation.rows.function import CODE_BUCKET, code_key, variable_parameters
from awsprov.cloudformation.table import ROWS
from awsprov.cloudformation.template import TemplateContext, TemplateResource
from awsprov.engine.stack import Stack
from awsprov.resources.function.function import Function


@dataclass(frozen=True)
class TemplateExport:
    """A stack in CloudFormation.

    Arguments:
        files: the content of each file, by name.
        resources: what the template declares. Each is imported.
    """

    files: dict[str, bytes]
    resources: list[TemplateResource]


def export(stack: Stack, aws: Aws) -> TemplateExport:
    """Return a stack as a template.

    Arguments:
        stack: the stack. Each of its resources must exist, and have its id.
        aws: the clients.
    """
    context = TemplateContext(aws, stack)
    resources = [part for each in stack if type(each) in ROWS for part in ROWS[type(each)](each, context)]
    parameters = _parameters(context)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{aws.stack}, exported from awsprov",
        "Parameters": parameters,
        "Resources": {each.name: _declared(each) for each in resources},
    }
    values = [{"ParameterKey": name, "ParameterValue": ""} for name in parameters]
    documents = {
        "template.json": template,
        "resources-to-import.json": [_to_import(each) for each in resources],
        "parameters.json": values,
    }
    files = {name: f"{json.dumps(document, indent=1)}\n".encode() for name, document in documents.items()}
    files["README.md"] = readme(stack, context, len(resources)).encode()
    zips = {code_key(function): function.bundle.content for function in stack.of(Function)}
    return TemplateExport(files | zips, resources)


def _parameters(context: TemplateContext) -> dict[str, Any]:
    """Return the template's parameters: the bucket of the code, and each environment variable without its value."""
    parameters: dict[str, Any] = {
        CODE_BUCKET: {"Type": "String", "Description": "The S3 bucket of the functions' code"}
    }
    for function in context.stack.of(Function):
        for name, parameter in variable_parameters(function, context).items():
            description = f"The environment variable {name} of the function {function.name}"
            parameters[parameter] = {"Type": "String", "NoEcho": True, "Description": description}
    return parameters


def _declared(resource: TemplateResource) -> dict[str, Any]:
    """Return a resource of the template. An import change set needs a deletion policy for each."""
    properties = {name: value for name, value in resource.properties.items() if value is not None}
    return {
        "Type": resource.type,
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


def _to_import(resource: TemplateResource) -> dict[str, Any]:
    return {
        "ResourceType": resource.type,
        "LogicalResourceId": resource.name,
        "ResourceIdentifier": dict(resource.identifier),
    }
