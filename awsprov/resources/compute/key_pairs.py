"""The key pair for SSH sessions with the builder: created here, or an existing one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.engine.resource import Values
from awsprov.errors import UsageError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import delete
from awsprov.ssh import keys


@dataclass(eq=False, repr=False)
class KeyPair(Ec2Resource):
    """A key pair that is created on this machine. Only the public key is sent to AWS.

    Arguments:
        private_key: the file of the private key; the first `up` creates it if `public_key` is None.
        public_key: the file of an existing public key.
    """

    private_key: Path
    public_key: Path | None = None

    area = "compute"
    resource_type = "key-pair"
    describe_method = "describe_key_pairs"
    result_key = "KeyPairs"
    id_key = "KeyName"
    immutable = frozenset({"public_key"})
    already_exists_codes = ("InvalidKeyPair.Duplicate",)

    @classmethod
    def describe_all(cls, aws: Aws, *filters: tuple[str, str]) -> list[dict[str, Any]]:
        wanted: Any = [{"Name": name, "Values": [value]} for name, value in filters]
        return [*map(dict, aws.ec2.describe_key_pairs(Filters=wanted, IncludePublicKey=True)["KeyPairs"])]

    def tagged_ids(self, aws: Aws) -> list[str]:
        return [self.describe_cached(aws)["KeyPairId"]]

    def describe(self, aws: Aws) -> dict[str, Any]:
        return next(iter(self.describe_all(aws, ("key-name", self.id))), {})

    def _public_key(self) -> str:
        """Return the public key; empty if the private key is missing, which differs from any key on AWS."""
        if self.public_key:
            return keys.read_public_key(self.public_key)
        return keys.public_key(self.private_key) if self.private_key.exists() else ""

    def create(self, aws: Aws) -> str:
        if not self.public_key and not self.private_key.exists():
            keys.generate(self.private_key)
        return aws.ec2.import_key_pair(
            KeyName=aws.physical_name(self.name),
            PublicKeyMaterial=self._public_key().encode(),
            TagSpecifications=self.tag_specifications(aws),
        )["KeyName"]

    def read(self, aws: Aws) -> Values:
        return {"public_key": " ".join(self.describe_cached(aws).get("PublicKey", "").split()[:2])}

    def wanted(self, aws: Aws) -> Values:
        return {"public_key": self._public_key()}

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.ec2.delete_key_pair(KeyName=self.id), missing=["InvalidKeyPair.NotFound"])


@dataclass(eq=False, repr=False)
class ExistingKeyPair(Existing):
    """A key pair that exists on AWS and is not deleted with the stack.

    Arguments:
        key_name: its name on AWS.
        private_key: the file of the private key.
    """

    key_name: str
    private_key: Path

    area = "compute"

    def find(self, aws: Aws) -> str:
        """Return its name if it exists."""
        wanted: Any = [{"Name": "key-name", "Values": [self.key_name]}]
        return self.key_name if aws.ec2.describe_key_pairs(Filters=wanted)["KeyPairs"] else ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The key pair {self.key_name!r} does not exist in {aws.region}.",
            remedy="Correct `keypair.name`, or remove `keypair` and awsprov creates one.",
        )
