"""The function that is looked at, and what several links ask about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.resources.function.function import Function
from awsprov.resources.function.versions import LIVE, Alias
from awsprov.resources.storage.file_system import FileSystem

UP = "`awsprov plan` shows what differs from config.yaml; `awsprov up` mends it."


class BrokenLinkError(Exception):
    """A link is broken; the message is the evidence."""

    def __init__(self, evidence: str, remedy: str = UP) -> None:
        super().__init__(evidence)
        self.remedy = remedy


@dataclass
class Case:
    """One function, found already with all else of its stack."""

    stack: Stack
    aws: Aws
    name: str

    @cached_property
    def function(self) -> Function:
        """The function."""
        return next(f for f in self.stack.of(Function) if f.name == self.name)

    @cached_property
    def alias(self) -> Alias:
        """Its `live` alias."""
        return next(alias for alias in self.stack.of(Alias) if alias.function is self.function)

    @cached_property
    def file_system(self) -> FileSystem:
        """The stack's file system."""
        return self.stack.of(FileSystem)[0]

    @cached_property
    def live(self) -> Any:
        """The configuration of the version that is live."""
        try:
            return self.aws.lambda_.get_function_configuration(FunctionName=self.function.id, Qualifier=LIVE)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise BrokenLinkError(f"{self.function.id} has no alias `{LIVE}`, which the API calls.") from error

    @property
    def version(self) -> str:
        """The number of that version."""
        return str(self.live["Version"])

    @property
    def subnets(self) -> list[str]:
        """The ids of the subnets that it is in."""
        return list(self.live.get("VpcConfig", {}).get("SubnetIds", []))

    @property
    def groups(self) -> list[str]:
        """The ids of its security groups."""
        return list(self.live.get("VpcConfig", {}).get("SecurityGroupIds", []))

    def must_stand(self, resources: Iterable[Resource], *fields: str) -> None:
        """Have these there, and as they should be in those fields.

        Raises:
            BrokenLinkError: one is not.
        """
        for resource in resources:
            if not resource.id:
                raise BrokenLinkError(f"{resource.name} ({resource.type}) is not there.")
            has, wants = resource.read(self.aws), resource.wanted(self.aws)
            for field in fields:
                if field not in has or has[field] != wants[field]:
                    told = f"{resource.name}: {field} is {has.get(field) or 'nothing'}, and should be {wants[field]}."
                    raise BrokenLinkError(told)
