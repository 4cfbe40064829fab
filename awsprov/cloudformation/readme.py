"""The README of an exported template: how to import the stack, and what is not in the template."""

from awsprov.cloudformation.table import NOT_IMPORTABLE, NOT_IN_CLOUDFORMATION
from awsprov.cloudformation.template import TemplateContext
from awsprov.engine.stack import Stack
from awsprov.resources.identity.secrets import Secret

_TEMPLATE = """# {stack} in CloudFormation

awsprov wrote these files. They describe what existed on AWS at that time. Nothing was changed on AWS.

## Import the stack

1. Create an S3 bucket, and copy the template and the functions' code to it:
   `aws s3 cp --recursive --exclude '*' --include '*.zip' --include template.json . s3://BUCKET`
2. Write the name of the bucket and the values of the environment variables to `parameters.json`. They are not in these
   files; `aws lambda get-function-configuration` returns them. Keep the file out of git.
3. Create the change set, and look at it. It imports {count} resources.

```
aws cloudformation create-change-set --region {region} \\
  --stack-name {stack} --change-set-name import --change-set-type IMPORT \\
  --template-url https://BUCKET.s3.{region}.amazonaws.com/template.json \\
  --parameters file://parameters.json \\
  --resources-to-import file://resources-to-import.json \\
  --capabilities CAPABILITY_NAMED_IAM
aws cloudformation describe-change-set --region {region} --stack-name {stack} --change-set-name import
aws cloudformation execute-change-set --region {region} --stack-name {stack} --change-set-name import
```

Each resource has `DeletionPolicy: Retain`, without which CloudFormation imports nothing: deleting the stack keeps the
resources. Remove the policies in a later update to change that. Use either CloudFormation or awsprov for this stack.

## Not in the template

{missing}
"""


def readme(stack: Stack, context: TemplateContext, count: int) -> str:
    """Return the README of a directory.

    Arguments:
        stack: the stack.
        context: the clients, with the stack's name and region.
        count: how many resources are imported.
    """
    kinds = {type(resource) for resource in stack}
    lines = [f"- {reason}" for kind, reason in NOT_IN_CLOUDFORMATION.items() if kind in kinds]
    lines += [f"- {reason} CloudFormation cannot import `{type_}`." for type_, reason in NOT_IMPORTABLE.items()]
    lines += [f"- The secret `{secret.reference}`." for secret in stack.of(Secret)]
    region, name = context.aws.region, context.aws.stack
    return _TEMPLATE.format(stack=name, region=region, count=count, missing="\n".join(lines))
