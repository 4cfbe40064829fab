"""Secret: a secret that a function uses. It must exist; its value is read only with `secrets_at: deploy`."""

from dataclasses import dataclass
from functools import partial

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from awsprov.resources.missing_ok import none_if_missing

_PREFIX = "secret-"  # of the names in the stack
_MISSING = ("ParameterNotFound", "ResourceNotFoundException")  # of the parameter store and of Secrets Manager


@dataclass(eq=False, repr=False)
class Secret(Existing):
    """A parameter of the parameter store or a secret of Secrets Manager, which must already exist.

    Arguments:
        reference: `ssm:/name` or `secretsmanager:name`.
    """

    reference: str

    area = "identity"

    @classmethod
    def of(cls, function: str, variable: str, reference: str) -> "Secret":
        """Return the secret that is the value of a function's variable."""
        return cls(f"{_PREFIX}{function}-{variable}", reference)

    @property
    def function(self) -> str:
        """The function that uses it."""
        return self.name.removeprefix(_PREFIX).rpartition("-")[0]

    @property
    def variable(self) -> str:
        """The function's variable that has its value; the name of a variable has no hyphen."""
        return self.name.rpartition("-")[2]

    def find(self, aws: Aws) -> str:
        """Return the reference if the secret exists. Its value is not read."""
        describe = partial(none_if_missing, lambda: self._describe(aws), missing=_MISSING)
        return self.reference if aws.cached(f"secret {self.reference}", describe) else ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The secret `{self.reference}` does not exist in {aws.region}; "
            f"{self.variable} in `functions.{self.function}.secrets` names it.",
            remedy=self._remedy(aws),
        )

    def _remedy(self, aws: Aws) -> str:
        """Return what to do when it is missing; on the local cloud, the first line is the same for all secrets."""
        first = "On a terminal, `awsprov local secret` asks for all that are missing. Otherwise:\n" if aws.local else ""
        return f"{first}`{self._create_command(aws)}` creates {self.reference}."

    def _describe(self, aws: Aws) -> object:
        scheme, _, name = self.reference.partition(":")
        if scheme == "ssm":
            return aws.ssm.get_parameter(Name=name)  # a SecureString stays encrypted without WithDecryption
        return aws.secretsmanager.describe_secret(SecretId=name)

    def value_and_version(self, aws: Aws) -> tuple[str, str]:
        """Return its value, which is sent to Lambda only, and its version, which may be shown.

        Raises:
            UsageError: it is binary.
        """
        return aws.cached(f"value {self.reference}", lambda: self._get(aws))

    def _get(self, aws: Aws) -> tuple[str, str]:
        scheme, _, name = self.reference.partition(":")
        if scheme == "ssm":
            parameter = aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
            return parameter["Value"], str(parameter["Version"])
        response = aws.secretsmanager.get_secret_value(SecretId=name)
        if "SecretString" not in response:
            raise UsageError(
                f"The secret `{self.reference}` is binary; {self.variable} in `functions.{self.function}.secrets` "
                "can only be a text.",
                remedy="Store it as a text, for example in base64; or remove it from `secrets`, and read it in the "
                "handler with boto3.",
            )
        return response["SecretString"], response["VersionId"]

    def _create_command(self, aws: Aws) -> str:
        scheme, _, name = self.reference.partition(":")
        if aws.local:
            return f"awsprov local secret {self.reference} < FILE"
        if scheme == "ssm":
            return aws.command_hint(f"ssm put-parameter --type SecureString --name {name} --value file://FILE")
        return aws.command_hint(f"secretsmanager create-secret --name {name} --secret-string file://FILE")
