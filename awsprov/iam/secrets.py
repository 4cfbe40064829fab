"""The statements that allow reading secrets, including those that are encrypted with a key of the account."""

from collections.abc import Iterable
from typing import Any

from awsprov.aws.place import Place
from awsprov.iam.policy_meaning import Statement

# By store: the action, and the key of the encryption context that holds the ARN of what is decrypted. Sources: Systems
# Manager user guide, "AWS KMS encryption for Parameter Store SecureString parameters"; Secrets Manager user guide,
# "Secret encryption and decryption". AWS's own keys need no permission.
_STORES = {
    "ssm": ("ssm:GetParameter", "kms:EncryptionContext:PARAMETER_ARN"),
    "secretsmanager": ("secretsmanager:GetSecretValue", "kms:EncryptionContext:SecretARN"),
}


def secret_path(reference: str) -> str:
    """Return the last part of the ARN of a secret, given as `ssm:/name` or `secretsmanager:name`."""
    scheme, _, name = reference.partition(":")
    return f"parameter/{name.removeprefix('/')}" if scheme == "ssm" else f"secret:{name}-??????"


def read_statements(place: Place, references: Iterable[str]) -> list[Statement]:
    """Return the statements that allow reading secrets, and decrypting them, but nothing else that a key encrypts.

    Arguments:
        place: where the secrets are.
        references: the secrets, as `ssm:/name` or `secretsmanager:name`.
    """
    by_store: dict[str, list[str]] = {}
    for reference in references:
        store = reference.partition(":")[0]
        by_store.setdefault(store, []).append(place.arn(store, secret_path(reference)))
    return [statement for store, arns in by_store.items() for statement in _statements(place, store, arns)]


def decrypt_condition(store: str, arns: list[str]) -> dict[str, Any]:
    """Return the condition that a key decrypts these secrets of a store, and nothing else."""
    return {"StringLike": {_STORES[store][1]: arns}}


def _statements(place: Place, store: str, arns: list[str]) -> list[Statement]:
    keys = {"Resource": place.arn("kms", "key/*"), "Condition": decrypt_condition(store, arns)}
    return [
        {"Effect": "Allow", "Action": _STORES[store][0], "Resource": arns},
        {"Effect": "Allow", "Action": "kms:Decrypt", **keys},
    ]
