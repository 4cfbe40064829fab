"""The section `functions.NAME` of config.yaml."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from awsprov.aws.limits import FREE_TMP, MEMORY, TIMEOUT, TMP
from awsprov.config.env_file import read_env_file
from awsprov.config.fields import (
    ExistingDirectory,
    ExistingFile,
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

# Environment variables that a function cannot set (Lambda developer guide, "Defined runtime environment variables").
LAMBDA_VARIABLES = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
}  # fmt: skip
AWSPROV_VARIABLES = {  # set by awsprov
    "PYTHONPATH", "AWSPROV_HANDLER", "AWSPROV_SECRETS", "AWSPROV_FILES", "AWSPROV_START_PACK", "AWSPROV_ERRORS",
    "AWSPROV_START_CHECK", "CORS_ORIGIN",
}  # fmt: skip
DEFAULT_PYTHON = "3.12"  # of `libraries.python`
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_SEGMENT = r"(?:[A-Za-z0-9._~-]+|\{[A-Za-z0-9_]+\+?\})"  # plain, a parameter `{id}`, or the greedy `{proxy+}`
_ROUTE = re.compile(rf"(ANY|GET|POST|PUT|PATCH|DELETE|HEAD) (/|(?:/{_SEGMENT})+)")
_CANARY, _SECONDS = re.compile(r"([1-9]\d?)% ([1-9]\d*)([smh])"), {"s": 1, "m": 60, "h": 3600}
_SECRET = re.compile(r"ssm:/?[A-Za-z0-9_.\-/]+|secretsmanager:[A-Za-z0-9/_+=.@-]+")


def _variable_name(name: str) -> str:
    if name in LAMBDA_VARIABLES or name.startswith("AWS_LAMBDA_"):
        raise ValueError(f"{name} is reserved by Lambda")
    if name in AWSPROV_VARIABLES:
        raise ValueError(f"{name} is set by awsprov")
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid variable name: a letter, then at least one letter, digit or underscore"
        )
    return name


def is_secret_reference(reference: str) -> bool:
    """Return whether `secrets` can have a reference."""
    return bool(_SECRET.fullmatch(reference))


def _secret(reference: str) -> str:
    if not is_secret_reference(reference):
        raise ValueError("should be `ssm:/name/of/parameter` or `secretsmanager:name`")
    return reference


def _canary(canary: str) -> str:
    if not _CANARY.fullmatch(canary):
        raise ValueError("should be a percentage and a duration, as in `10% 5m`")
    return canary


@dataclass(frozen=True)
class Route:
    """A method and a path of the API, written as `POST /similarity` in config.yaml."""

    method: str
    path: str

    @classmethod
    def parse(cls, text: Any) -> "Route":
        """Return the route that a string describes.

        Raises:
            ValueError: it is not a method and a path.
        """
        if isinstance(text, str) and _ROUTE.fullmatch(text):
            return cls(*text.split(" "))
        meant = _corrected_route(text) if isinstance(text, str) else ""
        if meant:
            raise ValueError(
                f"should be a method in capitals and a path without a slash at its end; did you mean `{meant}`?"
            )
        raise ValueError("should be a method and a path, as in `POST /similarity` or `GET /items/{id}`")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _corrected_route(text: str) -> str:
    """Return the route that a string was probably meant to be; empty if that is not clear."""
    method, _, path = text.strip().partition(" ")
    corrected = f"{method.upper()} /{path.strip().strip('/')}"
    return corrected if _ROUTE.fullmatch(corrected) else ""


RouteText = Annotated[
    Route,
    BeforeValidator(Route.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string"}),
    Pattern("a method and a path"),
]
VariableName = Annotated[str, AfterValidator(_variable_name), Pattern("the name of an environment variable")]
SecretReference = Annotated[str, AfterValidator(_secret), Pattern("`ssm:/name` or `secretsmanager:name`")]
Canary = Annotated[str, AfterValidator(_canary), Pattern("a percentage and a duration")]


class ExpectConfig(Section):
    """What the response to a smoke request must be; default: no error, and no status of 400 or more."""

    status: int | None = Field(default=None, ge=100, le=599)
    """The HTTP status of the response."""
    contains: list[str] = Field(default_factory=list)
    """A string, or a list of strings, that the response must contain."""

    @field_validator("contains", mode="before")
    @classmethod
    def _listed(cls, contains: Any) -> Any:
        return [contains] if isinstance(contains, str) else contains


def _check_json(path: Path) -> None:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from error


class SmokeConfig(Section):
    """A request that a new version must answer before it goes live: `request` or `file`."""

    request: Any = None
    """The request, as JSON."""
    file: ExistingFile | None = None
    """A file with the request as JSON, instead of `request`."""
    expect: ExpectConfig = ExpectConfig()
    """What the response must be."""

    @field_validator("file")
    @classmethod
    def _json(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path and info.data.get("request") is not None:
            raise ValueError("replaces `request`: give only one of them")
        if path and not is_unchecked(info):
            _check_json(path)
        return path

    @property
    def payload(self) -> bytes:
        """The body of the request."""
        return self.file.read_bytes() if self.file else json.dumps(self.request or {}).encode()


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
            names = list(read_env_file(path))
        except (OSError, ValueError):
            if is_unchecked(info):
                return None
            raise
        for name in names:
            _variable_name(name)
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

    def loader_variables(self, *, start_pack: bool, errors: bool, text: bool) -> dict[str, str]:
        """Return the variables of the loader that Lambda calls in place of the handler; none if it is not needed.

        Arguments:
            start_pack: whether the libraries have a start pack.
            errors: whether the API finds errors by their message, so that each must have one.
            text: whether the API passes text bodies on in base64, so that they have to be decoded.
        """
        own = {"AWSPROV_ERRORS": " ".join(self.exceptions)} if errors else {}
        if self.start_secrets:
            own["AWSPROV_SECRETS"] = json.dumps(self.start_secrets)
        if start_pack:
            own["AWSPROV_START_PACK"] = "on"
        if self.start_check:
            own["AWSPROV_START_CHECK"] = "on"
        return {"AWSPROV_HANDLER": self.handler, **own} if own or text else {}

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
    def environment(self) -> dict[str, str]:
        """All variables; those of the env file take precedence. Their values are only sent to Lambda."""
        return {**self.variables, **(read_env_file(self.env_file) if self.env_file else {})}
