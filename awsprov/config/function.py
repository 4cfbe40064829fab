"""The section `functions.NAME` of config.yaml."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from awsprov.aws.limits import FREE_TMP, MEMORY, TIMEOUT, TMP
from awsprov.config.env_file import read_env_file
from awsprov.config.fields import (
    ExistingDirectory,
    LogDays,
    Pattern,
    Section,
    existing_file,
    exists,
    is_unchecked,
)
from awsprov.config.handler import check_handler
from awsprov.config.payload import ErrorMatch, ErrorStatus, EventField, EventSource, Payload
from awsprov.config.role_permission import PermissionText, RolePermission
from awsprov.config.route import RouteText
from awsprov.config.smoke import SmokeConfig
from awsprov.config.variables import SecretReference, VariableName

DEFAULT_PYTHON = "3.12"  # of `libraries.python`
_CANARY, _SECONDS = re.compile(r"([1-9]\d?)% ([1-9]\d*)([smh])"), {"s": 1, "m": 60, "h": 3600}


def _canary(canary: str) -> str:
    if not _CANARY.fullmatch(canary):
        raise ValueError("should be a percentage and a duration, as in `10% 5m`")
    return canary


Canary = Annotated[str, AfterValidator(_canary), Pattern("a percentage and a duration")]


class FunctionConfig(Section):
    """The configuration of a Lambda function."""

    source: ExistingDirectory
    """The directory with the function's code."""
    include: list[str] = Field(default_factory=list)
    """Patterns of files in `source` to upload although they look like secrets or caches, as in `certs/*.key`."""
    exclude: list[str] = Field(default_factory=list)
    """Patterns of files in `source` to leave out, as in `tests` or `*.ipynb`."""
    handler: str
    """The module and function that Lambda calls, as in `lambda_function.lambda_handler`."""
    memory: int = Field(default=1024, ge=128, le=MEMORY.value)
    """Memory in MB; Lambda allocates CPU in proportion."""
    timeout: int = Field(default=29, ge=1, le=TIMEOUT.value)
    """Timeout in seconds; a request through the API ends after `api.timeout`, too."""
    tmp: Annotated[int, Field(ge=FREE_TMP, le=TMP.value)] | None = None
    """MB of /tmp; default: what the start pack of the libraries needs, at least 512, which are free of charge."""
    log_days: LogDays = 365
    """How many days log events are kept."""
    concurrency: Annotated[int, Field(ge=1, le=100_000)] | None = 100
    """Reserved concurrency: the maximum of concurrent requests; `null` for no reservation."""
    variables: dict[VariableName, str] = Field(default_factory=dict)
    """Environment variables; visible to all users who can read the function's configuration."""
    env_file: Path | None = None
    """A .env file with more variables, which take precedence; its values never appear in the zip, state or plans."""
    secrets: dict[VariableName, SecretReference] = Field(default_factory=dict)
    """Environment variables whose values come from `ssm:/name` or `secretsmanager:name`."""
    secrets_at: Literal["start", "deploy"] = "start"
    """When secrets are read: by the function at a cold start, or by awsprov at `deploy` (encrypted variables)."""
    kms_key: (
        Annotated[
            str,
            Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]+$"),
            Pattern("the ARN of a KMS key"),
        ]
        | None
    ) = None
    """The ARN of a KMS key that encrypts the environment variables; default: the AWS managed key."""
    permissions: list[PermissionText] = Field(default_factory=list)
    """What else its role may do: `ACTIONS on RESOURCE`, as in `s3:GetObject on models/*`, or a managed policy's ARN."""
    role: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[!-~]+$"), Pattern("the ARN of an IAM role")]
        | None
    ) = None
    """The ARN of an existing role, which is never changed; default: a role of its own."""
    routes: list[RouteText] = Field(default_factory=list)
    """The API routes that invoke the function, as in `POST /similarity` or `GET /items/{id}`."""
    payload: Payload | None = None
    """What it gets and returns: `proxy` for HTTP requests and responses, `body` for JSON; default: `api.payload`."""
    errors: dict[ErrorStatus, ErrorMatch] = Field(default_factory=dict)
    """HTTP statuses of errors, each with a pattern for the whole message, or a list of exceptions; all others: 500."""
    event: dict[EventField, EventSource] = Field(default_factory=dict)
    """The event instead of the body: fields, each with `path.NAME`, `query.NAME` or `body`."""
    start_check: bool = True
    """Whether a new version must start, which includes the handler's import, before it goes live."""
    smoke: SmokeConfig | None = None
    """A request that a new version must answer before it goes live."""
    canary: Canary | None = None
    """Canary release: the percentage of requests for a new version and for how long, as in `10% 5m`."""

    @field_validator("handler")
    @classmethod
    def _defined(cls, handler: str, info: ValidationInfo) -> str:
        module, _, function = handler.rpartition(".")
        if not module or not function.isidentifier():
            raise ValueError("should be a module and a function in it, as in `lambda_function.lambda_handler`")
        if function == "py":
            name = module.replace("/", ".")
            raise ValueError(f"should be a module and a function in it, not a file, as in `{name}.lambda_handler`")
        source, context = info.data.get("source"), info.context or {}
        if source and not is_unchecked(info):
            base, python = context.get("base", Path()), context.get("python", DEFAULT_PYTHON)
            check_handler(source / f"{module.replace('.', '/')}.py", function, base, python)
        return handler

    @field_validator("smoke")
    @classmethod
    def _sendable(cls, smoke: SmokeConfig | None, info: ValidationInfo) -> SmokeConfig | None:
        """Leave out a request whose file does not exist, where files are not checked."""
        lost = is_unchecked(info) and smoke and smoke.file and not exists(smoke.file, Path.is_file)
        return None if lost else smoke

    @property
    def canary_step(self) -> tuple[float, float] | None:
        """The fraction of the requests that a new version gets at first, and for how many seconds."""
        found = _CANARY.fullmatch(self.canary or "")
        return (int(found[1]) / 100, float(int(found[2]) * _SECONDS[found[3]])) if found else None

    @field_validator("env_file")
    @classmethod
    def _readable(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None:
            return None
        path = existing_file(path, info)
        try:
            read_env_file(path)
        except (OSError, ValueError):
            if is_unchecked(info):
                return None
            raise
        return path

    @field_validator("secrets")
    @classmethod
    def _once(cls, secrets: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        path = info.data.get("env_file")
        if twice := set(secrets) & {*info.data.get("variables", {}), *(read_env_file(path) if path else {})}:
            raise ValueError(f"has {', '.join(sorted(twice))}, which is also a variable")
        return secrets

    @property
    def start_secrets(self) -> dict[str, str]:
        """The secrets that the function itself reads at a cold start."""
        return self.secrets if self.secrets_at == "start" else {}

    @property
    def own_permissions(self) -> list[RolePermission]:
        """The permissions that are actions on a resource."""
        return [each for each in self.permissions if not each.is_managed]

    @property
    def managed_policies(self) -> list[str]:
        """The ARNs of the managed policies among its permissions, each once."""
        return list(dict.fromkeys(str(each) for each in self.permissions if each.is_managed))

    @property
    def exceptions(self) -> list[str]:
        """The exceptions that have an HTTP status of their own, each once."""
        listed = [match for match in self.errors.values() if isinstance(match, list)]
        return list(dict.fromkeys(name for names in listed for name in names))

    @property
    def all_variables(self) -> dict[str, str]:
        """Its variables with those of the env file, which take precedence. Their values are only sent to Lambda."""
        return {**self.variables, **(read_env_file(self.env_file) if self.env_file else {})}
