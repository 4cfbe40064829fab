"""Function: the Lambda function that runs the handler with the libraries mounted."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.aws.limits import FREE_TMP
from awsprov.config.function import FunctionConfig
from awsprov.engine.resource import Differences, Owned, Resource, Tags, Values, by_name
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import MOUNT, Environment, variables_of
from awsprov.packaging.file_environment import FileEnvironment
from awsprov.resources.function.active import is_active
from awsprov.resources.function.entry_point import handler_of, uses_start_pack
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.function.reserved_concurrency import quota_note
from awsprov.resources.function.settings import SETTINGS, Setting, parameters
from awsprov.resources.function.tmp_size import LATER, TmpSize, needed_tmp
from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.identity.roles import Role
from awsprov.resources.identity.secrets import Secret
from awsprov.resources.missing_ok import LAMBDA_MISSING, delete, none_if_missing
from awsprov.resources.network.existing import ExistingSubnet
from awsprov.resources.network.security_groups import ExistingSecurityGroup, InSecurityGroups, SecurityGroup
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.storage.existing import ExistingMountTarget
from awsprov.resources.storage.file_system import AccessPoint, MountTarget


@dataclass(eq=False, repr=False)
class Function(InSecurityGroups, Resource):
    """A Lambda function in the private subnets, with the libraries mounted.

    Arguments:
        role: the role that it runs as.
        log_group: the log group that it writes to.
        subnets: its subnets.
        security_group: the security group of its network interfaces.
        mount_targets: the mount targets in the zones of its subnets; all must be available before it is created.
        access_point: the access point through which it mounts the file system.
        libraries: the environment that it imports from. Only its versions need it published.
        files: the environment of its files; None for none. Only its versions need it published.
        bundle: its code.
        handler: a module and a function in it, as `module.function`.
        runtime: Lambda's name of the Python version, as `python3.12`.
        architecture: `x86_64` or `arm64`.
        settings: the settings in config.yaml that are sent as they are, and `tmp`; see `settings_of`.
        traced: whether its requests are traced by X-Ray.
        concurrency: how many executions are reserved for it; None for no reservation.
        deploy_time_secrets: the secrets, by variable, whose values become variables when it is deployed.
        variables: its other environment variables. Their values are sent to Lambda only.
        groups: existing security groups of its network interfaces, beside its own.
    """

    role: Role | ExistingRole
    log_group: LogGroup
    subnets: tuple[Subnet | ExistingSubnet, ...]
    _: KW_ONLY
    security_group: SecurityGroup
    mount_targets: tuple[MountTarget | ExistingMountTarget, ...]
    access_point: AccessPoint
    libraries: Environment
    files: FileEnvironment | None
    bundle: Bundle
    handler: str
    runtime: str
    architecture: str
    settings: Mapping[str, Any]
    traced: bool
    concurrency: int | None
    deploy_time_secrets: Mapping[str, Secret]
    variables: Mapping[str, str] = field(repr=False)
    groups: tuple[ExistingSecurityGroup, ...] = ()

    area = "serving"
    deployed = True
    replace_triggered_by = frozenset({"role", "subnets", "security_group", "access_point"})
    already_exists_codes = ("ResourceConflictException",)
    typical_seconds = 60.0
    table: ClassVar[tuple[Setting, ...]] = SETTINGS

    @classmethod
    def settings_of(cls, config: FunctionConfig) -> dict[str, Any]:
        """Return the configured values of the settings that are sent to Lambda as they are, and of `tmp`, by name."""
        sent = {setting.name: getattr(config, setting.name) for setting in cls.table if setting.value is None}
        return {**sent, "tmp": config.tmp}

    @property
    def inputs(self) -> Values:
        """The arguments, each setting among them by its own name."""
        inputs = super().inputs
        settings = inputs.pop("settings")
        return {**inputs, **settings, "tmp": settings["tmp"] or LATER}

    def recorded_inputs(self) -> Values:
        """Return the arguments without the variables' values, and the files of the code, for plans to compare."""
        shown = {
            "variables": sorted(self.variables),
            "bundle": str(self.bundle.source),
            "libraries": self.libraries.name,
        }
        if not self.bundle.source.is_dir():  # `recover` records a function without its code, too
            return {**self.inputs, **shown}
        return {**self.inputs, **shown, "code": self.bundle.digest, "files": self.bundle.files}

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        pages = aws.lambda_.get_paginator("list_functions").paginate
        listed = aws.cached("Function", lambda: [f for page in pages() for f in page["Functions"]])
        named = [item for item in listed if item["FunctionName"].startswith(aws.physical_name(""))]
        return by_name(aws, ((_tags_cached(aws, item["FunctionArn"]), item["FunctionName"]) for item in named))

    def fetch_tags(self, aws: Aws) -> Tags | None:
        return _tags(aws, aws.arn("lambda", f"function:{self.id}"))

    def tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        aws.lambda_.tag_resource(Resource=aws.arn("lambda", f"function:{self.id}"), Tags=tags)

    def untag(self, aws: Aws, keys: list[str]) -> None:
        aws.lambda_.untag_resource(Resource=aws.arn("lambda", f"function:{self.id}"), TagKeys=keys)

    def find(self, aws: Aws) -> str:
        """Return its name if it exists and is the stack's: one call returns its tags and its configuration."""
        found = self._get_cached(aws)
        return str(found["Configuration"]["FunctionName"]) if aws.tagged_name(found.get("Tags")) else ""

    def _get_cached(self, aws: Aws) -> Any:
        name = aws.physical_name(self.name)
        get = partial(aws.lambda_.get_function, FunctionName=name)
        return aws.cached(f"Function {self.name}", lambda: none_if_missing(get, missing=LAMBDA_MISSING) or {})

    def create(self, aws: Aws) -> str:
        return aws.lambda_.create_function(
            FunctionName=aws.physical_name(self.name),
            Code={"ZipFile": self.bundle.content},
            Architectures=[self.architecture],  # type: ignore[list-item]  # config.yaml allows only Lambda's
            Tags=aws.tags(self.name),
            **{name: value for name, value in self._parameters(aws).items() if value},  # without an empty KMSKeyArn
        )["FunctionName"]

    def _parameters(self, aws: Aws) -> Any:
        return parameters(self.table, self, aws)

    def all_variables(self, aws: Aws) -> dict[str, str]:
        """Return its variables, with the values of the secrets that are read at deploy time."""
        secrets = {name: secret.value_and_version(aws)[0] for name, secret in self.deploy_time_secrets.items()}
        return {**self.variables, **secrets, **self.path_variables}

    @property
    def variable_names(self) -> list[str]:
        """The names of its variables, in order."""
        return sorted({*self.variables, *self.deploy_time_secrets, *self.path_variables})

    @property
    def path_variables(self) -> dict[str, str]:
        """The variables with the places of its environments."""
        return variables_of(self.libraries.name, self.files.name if self.files else "")

    def mounts(self, aws: Aws) -> list[dict[str, str]]:
        """Return the file systems that are mounted, as Lambda takes them."""
        return [{"Arn": self.access_point.arn(aws), "LocalMountPath": MOUNT}]

    def fingerprint(self, aws: Aws) -> Values:
        """Return all that a version consists of; of a secret its version, as a digest of its value could be guessed."""
        secrets = {name: secret.value_and_version(aws)[1] for name, secret in self.deploy_time_secrets.items()}
        found = {**self.wanted(aws), "variables": {**self.variables, **secrets, **self.path_variables}}
        if found["tmp"] == FREE_TMP:
            del found["tmp"]  # as in digests of versions from before there was the setting
        return found

    def tmp_size(self, aws: Aws, configuration: Any = None) -> TmpSize:
        """Return the size of its /tmp.

        Arguments:
            aws: the clients.
            configuration: its configuration on AWS; None for the cached one.
        """
        found = configuration or self._get_cached(aws).get("Configuration") or {}
        has = int(found.get("EphemeralStorage", {}).get("Size", FREE_TMP))
        return TmpSize(self.name, self.settings["tmp"], self._needed_tmp(aws), has)

    def _needed_tmp(self, aws: Aws) -> int | None:
        """Return the MB that the start pack needs; None while the libraries are not published."""
        if not uses_start_pack(self.variables):
            return FREE_TMP
        facts = self.access_point.file_system.environments(aws).get(self.libraries.name)
        return None if facts is None else needed_tmp(facts)

    def resize_tmp(self, aws: Aws) -> None:
        """Set the size of /tmp when the libraries are published, before there is a version with them.

        Raises:
            AwsprovError: the start pack does not fit.
        """
        size = self.tmp_size(aws)
        size.check()
        if size.wanted == size.has:
            return
        found = aws.lambda_.get_function_configuration(FunctionName=self.id)
        if size.wanted != self.tmp_size(aws, found).has:
            aws.lambda_.update_function_configuration(FunctionName=self.id, EphemeralStorage={"Size": size.wanted})
            self.wait_until_active(aws)

    def wait(self, aws: Aws) -> None:
        """Return when it is active and no update is in progress; the first function in a VPC takes minutes."""
        configuration = self._get_cached(aws).get("Configuration")
        if not (configuration and is_active(configuration)):
            self.wait_until_active(aws)

    def wait_until_active(self, aws: Aws, version: str = "$LATEST") -> None:
        """Return when a version of it accepts requests, or `$LATEST` the next change."""
        get = partial(aws.lambda_.get_function_configuration, FunctionName=self.id, Qualifier=version)
        aws.wait_until(lambda: is_active(get()), 900, f"{self.name} to be active")

    def read(self, aws: Aws) -> Values:
        """Return the values on AWS. A reservation that the account's quota does not allow is a note, no difference."""
        get = partial(aws.lambda_.get_function_configuration, FunctionName=self.id)
        response: Any = self._get_cached(aws).get("Configuration") or get()
        reserved = self._get_cached(aws).get("Concurrency", {}).get("ReservedConcurrentExecutions")
        refused = quota_note(aws, self.concurrency) if self.concurrency and reserved is None else ""
        self.note = f"{refused} {self.tmp_size(aws, response).note}".strip()
        return {
            "code": response["CodeSha256"],
            "architecture": response.get("Architectures", ["x86_64"])[0],
            "concurrency": self.concurrency if refused else reserved,
            **{setting.name: setting.comparable(setting.received(response)) for setting in self.table},
            "handler": handler_of(response) or self.handler,  # without its variable, which differs then
        }

    def wanted(self, aws: Aws) -> Values:
        return {
            "code": self.bundle.digest,
            "architecture": self.architecture,
            "concurrency": self.concurrency,
            **{setting.name: setting.comparable(setting.configured(self, aws)) for setting in self.table},
            "handler": self.handler,
        }

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Change what differs. Code and configuration are two calls, and Lambda takes one at a time."""
        if "concurrency" in changes:
            self._reserve(aws)
        if set(changes) & {setting.name for setting in self.table}:
            aws.lambda_.update_function_configuration(FunctionName=self.id, **self._parameters(aws))
            self.wait_until_active(aws)
        if {"code", "architecture"} & set(changes):
            architectures: Any = [self.architecture]
            aws.lambda_.update_function_code(
                FunctionName=self.id, ZipFile=self.bundle.content, Architectures=architectures
            )
            self.wait_until_active(aws)

    def _reserve(self, aws: Aws) -> None:
        if self.concurrency is None:
            aws.lambda_.delete_function_concurrency(FunctionName=self.id)
        else:
            aws.lambda_.put_function_concurrency(FunctionName=self.id, ReservedConcurrentExecutions=self.concurrency)

    def delete(self, aws: Aws) -> None:
        call = partial(aws.lambda_.delete_function, FunctionName=self.id)
        delete(aws, call, missing=LAMBDA_MISSING, in_use=["ResourceConflictException"])
        get = partial(aws.lambda_.get_function_configuration, FunctionName=self.id)
        # A permission that depends on the function's tags does not apply once it is deleted.
        missing = (*LAMBDA_MISSING, "AccessDeniedException")
        aws.wait_until(lambda: none_if_missing(get, missing=missing) is None, 600, f"{self.name} to be deleted")


def _tags_cached(aws: Aws, arn: str) -> Tags | None:
    return aws.cached(f"tags {arn}", lambda: _tags(aws, arn))


def _tags(aws: Aws, arn: str) -> Tags | None:
    """Return the tags of a function; None if it does not exist."""
    response = none_if_missing(partial(aws.lambda_.list_tags, Resource=arn), missing=LAMBDA_MISSING)
    return response["Tags"] if response else None
