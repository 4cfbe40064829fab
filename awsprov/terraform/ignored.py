"""The arguments that Terraform's AWS provider cannot read back from AWS, each with the reason.

They are in the `ignore_changes` of every resource of their type: without that, Terraform would change or replace what
it has just imported. `tests/e2e/test_terraform.py` fails when an entry is no longer needed.
"""

_CODE = "Lambda returns no file, and the provider does not read the hash of the code."
IGNORED: dict[str, dict[str, str]] = {
    "aws_key_pair": {"public_key": "The provider does not read the public key."},
    "aws_instance": {
        "associate_public_ip_address": "A stopped instance has no public address.",
        "network_interface": "The provider does not read the interface that an instance was launched with.",
        "source_dest_check": "It belongs to that interface, which sets it for a NAT instance.",
    },
    "aws_lambda_function": {
        "filename": _CODE,
        "source_code_hash": _CODE,
        "publish": "Whether a change publishes a version is not a property of the function.",
        "environment": "The values of the variables are not in these files.",
    },
}


def ignored(terraform_type: str) -> dict[str, str]:
    """Return the ignored arguments of a type, each with the reason."""
    return IGNORED.get(terraform_type, {})
