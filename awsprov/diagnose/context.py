"""The function that is diagnosed, and facts about it that several checks need."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.aws.failed_requests import FailedRequest, FailureSearch
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.errors import AwsprovError
from awsprov.operations.function_health import failures_since, live_since
from awsprov.resources.function.alias import LIVE, Alias
from awsprov.resources.function.function import Function
from awsprov.resources.storage.library_file_system import LibraryFileSystem

RUN_UP = "`awsprov plan` shows what differs from config.yaml; `awsprov up` corrects it."


def failure(evidence: str, remedy: str = RUN_UP) -> AwsprovError:
    """Return the error that makes a check fail.

    Arguments:
        evidence: what was found.
        remedy: what to do about it.
    """
    return AwsprovError(evidence, remedy=remedy)


@dataclass
class Context:
    """The function that is diagnosed. The resources of its stack must have been found already.

    Arguments:
        name: the function's name in config.yaml.
    """

    stack: Stack
    aws: Aws
    name: str

    @cached_property
    def function(self) -> Function:
        """The function as a resource."""
        return next(f for f in self.stack.of(Function) if f.name == self.name)

    @cached_property
    def alias(self) -> Alias:
        """The function's `live` alias."""
        return next(alias for alias in self.stack.of(Alias) if alias.function is self.function)

    @cached_property
    def file_system(self) -> LibraryFileSystem:
        """The EFS file system with the libraries."""
        return self.stack.of(LibraryFileSystem)[0]

    @cached_property
    def live(self) -> Any:
        """The configuration of the live version, as Lambda returns it."""
        try:
            return self.aws.lambda_.get_function_configuration(FunctionName=self.function.id, Qualifier=LIVE)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise failure(f"{self.function.id} has no alias `{LIVE}`, which the API invokes.") from error

    @property
    def version(self) -> str:
        """The number of the live version."""
        return str(self.live["Version"])

    @cached_property
    def _search(self) -> FailureSearch:
        since = live_since(self.aws, self.alias, self.live)
        return failures_since(self.stack, self.aws, self.alias, self.live, since)

    @property
    def failures(self) -> tuple[FailedRequest, ...]:
        """The requests to the live version that failed or logged an error since it went live, oldest first."""
        return self._search.requests

    @property
    def searched(self) -> datetime:
        """From when on the logs are searched: since the version went live, or later if its log is long."""
        return datetime.fromtimestamp(self._search.since / 1000, UTC)

    @property
    def subnets(self) -> list[str]:
        """The ids of the live version's subnets."""
        return list(self.live.get("VpcConfig", {}).get("SubnetIds", []))

    @property
    def groups(self) -> list[str]:
        """The ids of the live version's security groups."""
        return list(self.live.get("VpcConfig", {}).get("SecurityGroupIds", []))

    def require(self, resources: Iterable[Resource], *fields: str) -> None:
        """Require that resources exist, and that these fields of them are as config.yaml wants them.

        Raises:
            AwsprovError: a resource is missing or differs.
        """
        for resource in resources:
            if not resource.id:
                raise failure(f"{resource.name} ({resource.type}) does not exist.")
            if not fields:  # what it should be needs the files of the project
                continue
            has, wants = resource.read(self.aws), resource.wanted(self.aws)
            for field in fields:
                if field not in has or has[field] != wants[field]:
                    found = has.get(field) or "empty"
                    raise failure(f"{resource.name}: {field} is {found}, but should be {wants[field]}.")
