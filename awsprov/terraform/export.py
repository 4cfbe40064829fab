"""Writes a stack as a directory of Terraform files, with `import` blocks for everything that exists."""

from collections.abc import Iterator
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.resources.function.function import Function
from awsprov.terraform.expressions import Expression, written
from awsprov.terraform.ignored import ignored
from awsprov.terraform.readme import readme
from awsprov.terraform.rows.function import code_file, variable_name
from awsprov.terraform.rows.row import TerraformContext, TerraformResource
from awsprov.terraform.table import AREAS, ROWS, area
from awsprov.terraform.writer import Comment, block

PROVIDER_VERSION = "~> 5.100"
TERRAFORM_VERSION = ">= 1.5"  # the first with `import` blocks
_NOT_IN_GIT = ".terraform/\n*.tfstate*\n*.auto.tfvars.json\n"


@dataclass(frozen=True)
class TerraformExport:
    """A stack in Terraform.

    Arguments:
        files: the content of each file, by name.
        resources: what the files declare.
    """

    files: dict[str, bytes]
    resources: list[TerraformResource]


def export(stack: Stack, aws: Aws) -> TerraformExport:
    """Return a stack as Terraform files.

    Arguments:
        stack: the stack. Each of its resources must exist, and have its id.
        aws: the clients.
    """
    context = TerraformContext(aws, stack, ROWS)
    by_area: dict[str, list[TerraformResource]] = {name: [] for name in AREAS}
    for resource in stack:
        if type(resource) in ROWS:
            by_area[area(type(resource))] += converted(resource, context)
    everything = [each for resources in by_area.values() for each in resources]
    functions = stack.of(Function)
    texts = {f"{name}.tf": _text(map(_resource, found)) for name, found in by_area.items() if found}
    texts["main.tf"] = _text(_provider(aws.region))
    texts["variables.tf"] = _text(_variable(function, context) for function in functions)
    texts["imports.tf"] = _text(_import(each) for each in everything if each.import_id)
    texts["README.md"] = readme(stack, context, everything)
    texts[".gitignore"] = _NOT_IN_GIT
    files = {name: text.encode() for name, text in texts.items()}
    return TerraformExport(files | {code_file(function): function.bundle.content for function in functions}, everything)


def converted(resource: Resource, context: TerraformContext) -> Iterator[TerraformResource]:
    """Yield what a resource is in Terraform."""
    row = ROWS[type(resource)]
    arguments = {**row.arguments(resource, context), "tags": _tags(resource, context)}
    import_id = row.import_id(resource, context) if row.mode == "resource" else ""
    yield TerraformResource(row.type, context.name(resource), arguments, import_id, row.mode)
    yield from row.parts(resource, context)


def _tags(resource: Resource, context: TerraformContext) -> dict[str, str] | None:
    """Return the tags of a resource on AWS; None if it has none."""
    if resource.virtual or type(resource) in context.stack.untaggable:
        return None
    return resource.tags(context.aws)


def _resource(resource: TerraformResource) -> str:
    arguments = dict(resource.arguments)
    if resource.mode == "resource" and (reasons := ignored(resource.type)):
        comments = [Comment(reason, name) for name, reason in reasons.items()]
        arguments["lifecycle"] = [{"ignore_changes": comments}]
    return block(f'{resource.mode} "{resource.type}" "{resource.name}"', arguments)


def _import(resource: TerraformResource) -> str:
    return block("import", {"to": Expression(resource.address), "id": resource.import_id})


def _provider(region: str) -> Iterator[str]:
    provider = {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}
    yield block("terraform", {"required_version": TERRAFORM_VERSION, "required_providers": [provider]})
    yield block('provider "aws"', {"region": region})


def _variable(function: Function, context: TerraformContext) -> str:
    names = dict.fromkeys(function.variable_names, Expression("string"))
    return block(
        f'variable "{variable_name(function, context)}"',
        {
            "description": f"The environment variables of the function {function.name}.",
            "type": Expression(f"object({written(names)})"),
            "sensitive": True,
        },
    )


def _text(blocks: Iterator[str]) -> str:
    return "\n\n".join(blocks) + "\n"
