"""The key that opens the builder: made here, or given."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Values
from awsprov.errors import UsageError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import delete
from awsprov.ssh import keys


@dataclass(eq=False, repr=False)
class KeyPair(Ec2Resource):
    """The key that opens the builder. Made on this machine: AWS gets the public half only.

    Arguments:
        private_key: the private key's file; made by the first `up` when `public_key` is None.
        public_key: an existing public key's file.
    """

    private_key: Path
    public_key: Path | None = None

    area = "compute"
    kind, describe, listing, key = "key-pair", "describe_key_pairs", "KeyPairs", "KeyName"
    immutable = frozenset({"public_key"})
    already_exists_codes = ("InvalidKeyPair.Duplicate",)

    @classmethod
    def described(cls, aws: Aws, *filters: tuple[str, str]) -> list[dict[str, Any]]:
        wanted: Any = [{"Name": name, "Values": [value]} for name, value in filters]
        return [*map(dict, aws.ec2.describe_key_pairs(Filters=wanted, IncludePublicKey=True)["KeyPairs"])]

    def now(self, aws: Aws) -> dict[str, Any]:
        return next(iter(self.described(aws, ("key-name", self.id))), {})

    def _public(self) -> str:
        """Our half of the comparison; empty while there is no key here, which no key on AWS equals."""
        if self.public_key:
            return keys.read_public_key(self.public_key)
        return keys.public_key(self.private_key) if self.private_key.exists() else ""

    def create(self, aws: Aws) -> str:
        if not self.public_key and not self.private_key.exists():
            keys.generate(self.private_key)
        return aws.ec2.import_key_pair(
            KeyName=f"{aws.stack}-{self.name}",
            PublicKeyMaterial=self._public().encode(),
            TagSpecifications=self.tagged(aws),
        )["KeyName"]

    def read(self, aws: Aws) -> Values:
        return {"public_key": " ".join(self.seen(aws).get("PublicKey", "").split()[:2])}

    def wanted(self, aws: Aws) -> Values:
        return {"public_key": self._public()}

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.ec2.delete_key_pair(KeyName=self.id), missing=["InvalidKeyPair.NotFound"])


@dataclass(eq=False, repr=False)
class ExistingKeyPair(Resource):
    """A key pair that is on AWS already and stays there: the name and the private key's file are given."""

    key_name: str
    private_key: Path

    area = "compute"
    virtual = True

    def find(self, aws: Aws) -> str:
        wanted: Any = [{"Name": "key-name", "Values": [self.key_name]}]
        if not aws.ec2.describe_key_pairs(Filters=wanted)["KeyPairs"]:
            raise UsageError(
                f"There is no key pair {self.key_name!r} in {aws.region}.",
                remedy="Correct `keypair.name`, or leave `keypair` out to have one made.",
            )
        return self.key_name
