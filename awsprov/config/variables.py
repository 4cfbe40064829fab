"""The names of environment variables that a function can have, and references to secrets that become variables."""

import re
from typing import Annotated

from pydantic import AfterValidator

from awsprov.config.fields import Pattern

# Environment variables that a function cannot set (Lambda developer guide, "Defined runtime environment variables").
LAMBDA_VARIABLES = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
}  # fmt: skip
AWSPROV_VARIABLES = {  # set by awsprov
    "PYTHONPATH", "AWSPROV_HANDLER", "AWSPROV_SECRETS", "AWSPROV_FILES", "AWSPROV_START_PACK", "AWSPROV_ERRORS",
    "AWSPROV_START_CHECK", "CORS_ORIGIN",
}  # fmt: skip
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_SECRET = re.compile(r"ssm:/?[A-Za-z0-9_.\-/]+|secretsmanager:[A-Za-z0-9/_+=.@-]+")


def variable_name(name: str) -> str:
    """Return the name of an environment variable.

    Raises:
        ValueError: a function cannot have it.
    """
    if name in LAMBDA_VARIABLES or name.startswith("AWS_LAMBDA_"):
        raise ValueError(f"{name} is reserved by Lambda")
    if name in AWSPROV_VARIABLES:
        raise ValueError(f"{name} is set by awsprov")
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid variable name: a letter, then at least one letter, digit or underscore"
        )
    return name


def is_secret_reference(reference: str) -> bool:
    """Return whether `secrets` can have a reference."""
    return bool(_SECRET.fullmatch(reference))


def _secret(reference: str) -> str:
    if not is_secret_reference(reference):
        raise ValueError("should be `ssm:/name/of/parameter` or `secretsmanager:name`")
    return reference


VariableName = Annotated[str, AfterValidator(variable_name), Pattern("the name of an environment variable")]
SecretReference = Annotated[str, AfterValidator(_secret), Pattern("`ssm:/name` or `secretsmanager:name`")]
