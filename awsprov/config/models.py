"""The sections of config.yaml as models. Values that are derived from them are properties."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from awsprov.aws.s3_location import S3Location
from awsprov.config.api import ApiConfig
from awsprov.config.builder import BuilderConfig, KeyPairConfig
from awsprov.config.fields import Name, Pattern, Section
from awsprov.config.function import FunctionConfig
from awsprov.config.libraries import LibrariesConfig
from awsprov.config.network import NetworkConfig
from awsprov.config.tags import MAX_TAGS, TagKey, TagValue, keys_differ
from awsprov.errors import UsageError
from awsprov.files import STATE_DIRECTORY
from awsprov.packaging.environment import Environment
from awsprov.packaging.file_environment import NOISE, FileEnvironment
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import GLIBC, Lock
from awsprov.packaging.upload_rules import UploadRules

DEFAULT_API_STAGE = "prod"  # the stage in the URL of a REST API if no --stage is given
_MAX_ROLE_PATH = 450  # characters; IAM allows 512 in a path (its model), and `awsprov/<stack>/` is added
_UV_NAMES = {"x86_64": "x86_64", "arm64": "aarch64"}  # uv's names of the architectures


class RolesConfig(Section):
    """The IAM roles of functions and builder."""

    boundary: (
        Annotated[
            str,
            Field(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[!-~]+$"),
            Pattern("the ARN of an IAM policy"),
        ]
        | None
    ) = None
    """The ARN of the permissions boundary; default: the one of `awsprov policy --boundary`, if the account has it."""
    path: Annotated[
        str,
        Field(pattern=r"^/([A-Za-z0-9.,+@=_-]+/)*$", max_length=_MAX_ROLE_PATH),
        Pattern(f"an IAM path of {_MAX_ROLE_PATH} characters at most, which begins and ends with `/`"),
    ] = "/"
    """The IAM path that those of roles, policies and the instance profile begin with, as `/apps/`."""


class VersionsConfig(Section):
    """The published versions of the functions."""

    keep: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many older versions of each function stay after a release, for `rollback`; default: all."""


class Config(Section):
    """All of config.yaml, and the options and state that belong to it."""

    name: Name
    """The stack's name, with which the names of its AWS resources begin."""
    region: str
    """The AWS region; the option --region overrides it, and AWS_REGION is used without it."""
    profile: str | None = None
    """An AWS CLI profile; default: the usual credential chain (environment, default profile, role)."""
    keypair: KeyPairConfig = KeyPairConfig()
    """The builder's SSH key."""
    network: NetworkConfig = NetworkConfig()
    """The VPC."""
    file_system: Annotated[str, Field(pattern=r"^fs-[0-9a-f]+$"), Pattern("the ID of an EFS file system")] | None = None
    """The ID of an existing EFS file system for the libraries, in an existing network; `down` keeps it."""
    builder: BuilderConfig = BuilderConfig()
    """The EC2 instance that installs the libraries."""
    libraries: LibrariesConfig
    """The libraries and files that all functions share."""
    functions: dict[Name, FunctionConfig] = Field(min_length=1)
    """The Lambda functions, by name."""
    api: ApiConfig = ApiConfig()
    """The API in front of the functions."""
    shared: (
        Annotated[
            str,
            Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()-]+)*/?$"),
            Pattern("the URL of a bucket, or of a prefix in it"),
        ]
        | None
    ) = None
    """Where state and lock are shared with other machines, such as s3://bucket/prefix; default: they are not."""
    roles: RolesConfig = RolesConfig()
    """The IAM roles of functions and builder."""
    tags: Annotated[dict[TagKey, TagValue], AfterValidator(keys_differ)] = Field(
        default_factory=dict, max_length=MAX_TAGS
    )
    """Tags of everything that AWS can tag, beside those of awsprov, as `{team: risk}`."""
    versions: VersionsConfig = VersionsConfig()
    """The published versions of the functions."""
    tracing: bool = True
    """Whether X-Ray traces requests to functions and REST APIs; 100,000 traces a month are free."""
    stages: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    """Values that differ by stage. --stage NAME applies them; each stage is a stack of its own."""
    stage: str = Field(default="", exclude=True)
    like: str = Field(default="", exclude=True)  # the stage whose values a stage has that is not in the file
    state_dir: Path = Field(default=Path(STATE_DIRECTORY), exclude=True)
    paused: bool = Field(default=False, exclude=True)
    keeps_addresses: bool = Field(default=False, exclude=True)  # while it is paused
    detach_others: bool = Field(default=False, exclude=True)  # from roles, what others attached to them
    local_python: str = Field(default="", exclude=True)  # with --local: the Python that runs the functions
    lock_draft: str | None = Field(default=None, exclude=True)  # a lock that is resolved, but not written
    libraries_unknown: str = Field(default="", exclude=True)  # why the libraries are not known before `up`
    warnings: tuple[str, ...] = Field(default=(), exclude=True)  # for a command that can ignore unknown keys

    def function_name(self, function: str | None = None) -> str:
        """Return the name of a function in the configuration: the one that is given, or the only one.

        Raises:
            UsageError: there is no such function, or there are several.
        """
        known = list(self.functions)
        if function is None and len(known) == 1:
            return known[0]
        if function not in known:
            raise _unclear(f"There is no function {function!r}." if function else "There are several functions.", known)
        return function

    def routed_function(self, function: str | None = None) -> str:
        """Return the name of the function for a request over HTTP: the one that is given, or the only one with routes.

        Raises:
            UsageError: there is no such function, or several have routes, or none has.
        """
        routed = [name for name, each in self.functions.items() if each.routes]
        if not routed:
            raise UsageError(
                "No function has routes.",
                remedy="Without --http, `awsprov invoke` calls a function through Lambda. For an API, add routes to "
                "config.yaml, as in `routes: [POST /items]`; then `awsprov up`.",
            )
        if function is None and len(routed) > 1:
            raise _unclear("Several functions have routes.", routed)
        return self.function_name(function or routed[0])

    def function_names(self, function: str | None = None) -> list[str]:
        """Return the name of the function that is given, or else of all functions, in their order.

        Raises:
            UsageError: there is no such function.
        """
        return [self.function_name(function)] if function else list(self.functions)

    def takes_body(self, function: str) -> bool:
        """Return whether a function gets the JSON body of a request as its event."""
        return (self.functions[function].payload or self.api.payload) == "body"

    def variables(self, function: str) -> dict[str, str]:
        """Return the variables of a function from this file and its env file, and the origin that CORS allows."""
        cors = {"CORS_ORIGIN": self.api.cors_origin} if self.api.cors_origin else {}
        return {**self.functions[function].all_variables, **cors}

    def loader_variables(self, function: str) -> dict[str, str]:
        """Return the variables of the loader that Lambda calls in place of a handler; none if it is not needed.

        It gives each error a message if the API finds errors by that, reads secrets at the start, unpacks a start pack,
        answers the start check, and decodes text bodies, which a REST API passes on in base64.
        """
        own = self.functions[function]
        found = {"AWSPROV_ERRORS": " ".join(own.exceptions)} if self.takes_body(function) else {}
        found |= {"AWSPROV_SECRETS": json.dumps(own.start_secrets)} if own.start_secrets else {}
        found |= {"AWSPROV_START_PACK": "on"} if self.libraries.start_pack else {}
        found |= {"AWSPROV_START_CHECK": "on"} if own.start_check else {}
        has_text = bool(own.routes) and self.api.type == "rest"
        return {"AWSPROV_HANDLER": own.handler, **found} if found or has_text else {}

    @property
    def stack(self) -> str:
        """The stack's name with its stage: the value of its tag and the prefix of its resources' names."""
        return f"{self.name}-{self.stage}" if self.stage else self.name

    @property
    def library_directory(self) -> str:
        """The directory of the stack on an existing file system; empty for a file system of its own."""
        return f"/awsprov-{self.stack}" if self.file_system else ""

    @property
    def shared_location(self) -> S3Location | None:
        """Where the stack's shared lock and state are; None if they are not shared."""
        return S3Location.parse(self.shared).below(f"{self.region}/{self.stack}") if self.shared else None

    @property
    def environment(self) -> Environment:
        """The libraries of the functions. The local cloud needs other wheels, so it has its own lock file."""
        libraries = self.libraries
        if self.local_python:
            path, target = self.state_dir / f"{self.stack}.libraries.lock", InstallTarget(self.local_python)
        else:
            target = InstallTarget(libraries.python, f"{_UV_NAMES[libraries.architecture]}-{GLIBC}")
            path = libraries.lock
        as_of = libraries.as_of.isoformat() if libraries.as_of else ""
        lock = Lock(
            libraries.requirements,
            path,
            target,
            libraries.indexes,
            as_of,
            self.lock_draft,
            tuple(sorted(libraries.build)),
        )
        packages = tuple(sorted(self.builder.packages))
        return Environment(lock, libraries.architecture, packages, self.libraries_unknown)

    @property
    def file_environment(self) -> FileEnvironment | None:
        """The files of the functions; None if `libraries.files` is not set."""
        libraries = self.libraries
        rules = UploadRules(tuple(libraries.include), tuple(libraries.exclude), self.secret_files, NOISE)
        return FileEnvironment(libraries.files, rules) if libraries.files else None

    def upload_rules(self, function: str) -> UploadRules:
        """Return which files of a function's source are uploaded."""
        own = self.functions[function]
        return UploadRules(tuple(own.include), tuple(own.exclude), self.secret_files)

    @property
    def secret_files(self) -> tuple[Path, ...]:
        """The files and directories that are never uploaded: env files, the private key, and the state directory."""
        named = [each.env_file for each in self.functions.values() if each.env_file]
        return tuple(Path(os.path.realpath(path)) for path in (*named, self.private_key, self.state_dir))

    @property
    def private_key(self) -> Path:
        """The builder's private key file: the generated one, or the one that `keypair` names."""
        keypair = self.keypair
        if keypair.private_key:
            return keypair.private_key
        return (
            keypair.public_key.with_suffix("") if keypair.public_key else self.state_dir / "keys" / f"{self.stack}.pem"
        )

    @property
    def known_hosts(self) -> Path:
        """The file with the builder's host keys, as read from its console output."""
        return self.state_dir / "keys" / f"{self.stack}.known_hosts"


NOT_IN_FILE = tuple(name for name, field in Config.model_fields.items() if field.exclude)  # of options, or state


def _unclear(what: str, known: list[str]) -> UsageError:
    """Return the error for a command that does not say which of several functions it is about."""
    return UsageError(
        what, why=f"Functions: {', '.join(known)}.", remedy=f"Name one of them, for example with `-n {known[0]}`."
    )
