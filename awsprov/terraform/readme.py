"""The README of an exported directory: how to take the stack over, and what Terraform does not manage."""

from collections.abc import Iterable

from awsprov.engine.stack import Stack
from awsprov.resources.function.function import Function
from awsprov.resources.identity.secrets import Secret
from awsprov.terraform.ignored import ignored
from awsprov.terraform.rows.function import code_file, variable_name
from awsprov.terraform.rows.row import TerraformContext, TerraformResource
from awsprov.terraform.table import NOT_IN_TERRAFORM

_TEMPLATE = """# {stack} in Terraform

awsprov wrote these files. They describe what existed on AWS at that time, and `imports.tf` has an `import` block for
each of it. Nothing was changed on AWS.

## Take the stack over

No value of an environment variable is in these files. This writes them to `*.auto.tfvars.json`, which is not for git:

```
{values}
```

Then import everything:

```
terraform init
terraform plan      # {count} to import, 0 to add, 0 to change, 0 to destroy
terraform apply
terraform plan      # No changes
```

After that you can delete `imports.tf`. Use either Terraform or awsprov for this stack, not both: each of them would
revert the other's changes. `terraform.tfstate` contains the values of the environment variables{and_key}; keep it in an
encrypted backend.

## Not managed by Terraform

{missing}

## Ignored changes

Terraform cannot read these arguments from AWS. `ignore_changes` has them, so that nothing is changed after the import:

| resource | argument | reason |
|---|---|---|
{ignored}

To deploy code with Terraform, remove the `lifecycle` block of the function, and replace the zip: the next apply
publishes a version and moves the alias to it.
"""
_REST = """
A change of the methods of the API goes live with `terraform apply -replace=aws_api_gateway_deployment.api_stage`.
"""


def readme(stack: Stack, context: TerraformContext, resources: Iterable[TerraformResource]) -> str:
    """Return the README of a directory.

    Arguments:
        stack: the stack.
        context: how its resources are named.
        resources: what the files of the directory declare.
    """
    found = list(resources)
    types = {each.type for each in found}
    text = _TEMPLATE.format(
        stack=context.aws.stack,
        count=sum(1 for each in found if each.import_id),
        values="\n".join(_values(function, context) for function in stack.of(Function)),
        and_key=" and of the API key" if "aws_api_gateway_api_key" in types else "",
        missing="\n".join(_missing(stack)),
        ignored="\n".join(_ignored(found)),
    )
    return text + (_REST if "aws_api_gateway_deployment" in types else "")


def _values(function: Function, context: TerraformContext) -> str:
    name = variable_name(function, context)
    query = f"'{{{name}: Environment.Variables}}'"
    command = f"aws lambda get-function-configuration --region {context.aws.region} --function-name {function.id}"
    return f"{command} \\\n  --query {query} > {name}.auto.tfvars.json"


def _missing(stack: Stack) -> list[str]:
    """Return a line for each thing that Terraform does not manage."""
    kinds = {type(resource) for resource in stack}
    lines = [f"- {reason}" for kind, reason in NOT_IN_TERRAFORM.items() if kind in kinds]
    lines += [f"- The secret `{secret.reference}`." for secret in stack.of(Secret)]
    zips = ", ".join(f"`{code_file(function)}`" for function in stack.of(Function))
    return [*lines, f"- The bundles with the functions' code. They are in {zips}; awsprov does not update them."]


def _ignored(resources: Iterable[TerraformResource]) -> list[str]:
    types = dict.fromkeys(each.type for each in resources)
    return [f"| `{type_}` | `{name}` | {reason} |" for type_ in types for name, reason in ignored(type_).items()]
