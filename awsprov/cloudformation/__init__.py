"""Writing a stack as a CloudFormation template, with what an import change set needs."""
