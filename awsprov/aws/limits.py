"""AWS's limits for what config.yaml names. `tests/unit/aws/test_limits.py` compares them with botocore's models."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ceiling:
    """The largest value of a setting.

    Arguments:
        value: the value.
        source: where AWS states it.
    """

    value: int
    source: str


# Of functions like those of a stack: without managed instances and accelerators, which have higher ones.
TIMEOUT = Ceiling(1800, "Botocore's documentation of Lambda's Timeout")
MEMORY = Ceiling(32_768, "Botocore's model of Lambda's MemorySize")
TMP = Ceiling(10_240, "Botocore's model of Lambda's EphemeralStorage")
FREE_TMP = 512  # MB of /tmp: the least, and without charge (Lambda quotas; Lambda pricing)
# The model's bound holds for all functions, and its documentation states none for those without managed instances.
CERTAIN_MEMORY = 10_240  # MB (Lambda quotas, before there were managed instances)

FUNCTION_NAME = 64  # characters (botocore's documentation of Lambda's FunctionName)
ROLE_NAME = 64  # characters (botocore's model of IAM's RoleName)
VARIABLES = 4096  # bytes of a function's variables as JSON (Lambda quotas; Lambda's error shows what it measures)
MANAGED_POLICY = 6144  # characters of a managed policy, without whitespace (IAM quotas)
ATTACHED_POLICIES = 10  # managed policies of a role, a user or a group (IAM quotas)
FUNCTION_POLICY = 20_480  # bytes of the resource-based policy of an alias (Lambda quotas)

# Versions of Python that Lambda runs on Amazon Linux 2023 (botocore's model of Lambda's Runtime), and that it does not
# package (its user guide, "Python in AL2023").
UNPACKAGED_PYTHONS = ("3.15",)
