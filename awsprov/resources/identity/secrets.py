"""Secrets of functions: looked for before anything is made; read here only when that is asked for (`secrets_at`)."""

from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.engine.resource import Resource
from awsprov.errors import UsageError

_MISSING = ("ParameterNotFound", "ResourceNotFoundException")


@dataclass(eq=False, repr=False)
class Secret(Resource):
    """A parameter or secret that must exist already.

    Arguments:
        reference: `ssm:/name` or `secretsmanager:name`.
    """

    reference: str

    area = "identity"
    virtual = True

    def find(self, aws: Aws) -> str:
        """Its reference, if it is there. Its value is not asked for.

        Raises:
            UsageError: it does not exist.
        """
        try:
            aws.cached(f"secret {self.reference}", lambda: self._describe(aws))
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise UsageError(
                f"The secret `{self.reference}` does not exist in {aws.region}.",
                why=f"It is asked for by {self.name.removeprefix('secret-')} under `secrets:`.",
                remedy=f"Make it, or correct its name. {self._making()}",
            ) from error
        return self.reference

    def _describe(self, aws: Aws) -> None:
        scheme, _, name = self.reference.partition(":")
        if scheme == "ssm":
            aws.ssm.get_parameter(Name=name)  # a SecureString stays encrypted without WithDecryption
        else:
            aws.secretsmanager.describe_secret(SecretId=name)

    def read_now(self, aws: Aws) -> tuple[str, str]:
        """Its value, which is told to Lambda and to nobody else, and the version of it, which may be told."""
        return aws.cached(f"value {self.reference}", lambda: self._ask(aws))

    def _ask(self, aws: Aws) -> tuple[str, str]:
        scheme, _, name = self.reference.partition(":")
        if scheme == "ssm":
            parameter = aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
            return parameter["Value"], str(parameter["Version"])
        answer = aws.secretsmanager.get_secret_value(SecretId=name)
        return answer["SecretString"], answer["VersionId"]

    def _making(self) -> str:
        scheme, _, name = self.reference.partition(":")
        if scheme == "ssm":
            return f"`aws ssm put-parameter --type SecureString --name {name} --value file://FILE`"
        return f"`aws secretsmanager create-secret --name {name} --secret-string file://FILE`"
