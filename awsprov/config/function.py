"""What config.yaml says of a function."""

import ast
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from awsprov.config.fields import ExistingFile, LogDays, Part, existing_file, there, under_base

# Names that Lambda keeps for itself (Lambda developer guide, environment variables).
RESERVED = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
}  # fmt: skip
OURS = {  # set by awsprov
    "PYTHONPATH", "AWSPROV_HANDLER", "AWSPROV_SECRETS", "AWSPROV_FILES", "AWSPROV_START_PACK", "CORS_ORIGIN",
}  # fmt: skip
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_PART = r"(?:[A-Za-z0-9._~-]+|\{[A-Za-z0-9_]+\+?\})"  # a plain segment, `{id}`, or the greedy `{proxy+}`
_ROUTE = re.compile(rf"(ANY|GET|POST|PUT|PATCH|DELETE|HEAD) (/|(?:/{_PART})+)")
_CANARY, _SECONDS = re.compile(r"([1-9]\d?)% ([1-9]\d*)([smh])"), {"s": 1, "m": 60, "h": 3600}
_SECRET = re.compile(r"ssm:/?[A-Za-z0-9_.\-/]+|secretsmanager:[A-Za-z0-9/_+=.@-]+")


def _variable_name(name: str) -> str:
    if name in RESERVED or name.startswith("AWS_LAMBDA_"):
        raise ValueError(f"{name} is reserved by Lambda")
    if name in OURS:
        raise ValueError(f"{name} is set by awsprov")
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name of a variable: letters, digits and underscores, a letter first, two at least"
        )
    return name


def _route(route: str) -> str:
    if not _ROUTE.fullmatch(route):
        raise ValueError("should be a method and a path, as in `POST /similarity` or `GET /items/{id}`")
    return route


def _secret(reference: str) -> str:
    if not _SECRET.fullmatch(reference):
        raise ValueError("should be `ssm:/name/of/parameter` or `secretsmanager:name`")
    return reference


def _canary(asked: str) -> str:
    if not _CANARY.fullmatch(asked):
        raise ValueError("should be a share of the requests and a time, as in `10% 5m`")
    return asked


VariableName = Annotated[str, AfterValidator(_variable_name)]


class ExpectConfig(Part):
    """What the answer to a smoke request must be like; without this, no error, and no status from 400 on."""

    status: int | None = Field(default=None, ge=100, le=599)
    """The HTTP status of the answer."""
    contains: list[str] = Field(default_factory=list)
    """Text, or several, that the answer has in it."""

    @field_validator("contains", mode="before")
    @classmethod
    def _listed(cls, contains: Any) -> Any:
        return [contains] if isinstance(contains, str) else contains


class SmokeConfig(Part):
    """A request that a new version must answer before it goes live: a JSON value, or a file that holds one."""

    request: Any = None
    """The request, as JSON."""
    file: ExistingFile | None = None
    """A file that holds it, in the place of `request`."""
    expect: ExpectConfig = ExpectConfig()
    """What the answer must be like."""

    @field_validator("file")
    @classmethod
    def _json(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path and info.data.get("request") is not None:
            raise ValueError("stands in the place of `request`: one of them is enough")
        if path:
            try:
                json.loads(path.read_bytes())
            except ValueError as error:
                raise ValueError(f"{path.name} is not JSON: {error}") from error
        return path

    @property
    def payload(self) -> bytes:
        """The request as it is sent."""
        return self.file.read_bytes() if self.file else json.dumps(self.request or {}).encode()


class FunctionConfig(Part):
    """One function. Memory in MB, timeout in seconds"""

    source: Path
    """The directory that goes into the zip."""
    handler: str
    """A module in it and a function, as `lambda_function.lambda_handler`."""
    memory: int = Field(default=1024, ge=128, le=10240)
    """MB; Lambda gives processor time in proportion."""
    timeout: int = Field(default=29, ge=1, le=900)
    """Seconds; API Gateway waits 29."""
    log_days: LogDays = 365
    """How long log lines are kept."""
    concurrency: Annotated[int, Field(ge=1, le=100_000)] | None = 100
    """How many may run at once, kept free for it; `null` for as many as the account has."""
    variables: dict[VariableName, str] = Field(default_factory=dict)
    """Environment variables; who may read the function's configuration may read them."""
    env_file: Path | None = None
    """A file with more of them, which win; it is kept out of the zip, state and plans."""
    secrets: dict[VariableName, Annotated[str, AfterValidator(_secret)]] = Field(default_factory=dict)
    """Variables that the function reads when it starts, from `ssm:/name` or `secretsmanager:name`."""
    secrets_at: Literal["start", "deploy"] = "start"
    """When secrets are read: by the function when it starts, or by awsprov, which makes encrypted variables of them."""
    kms_key: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]+$")] | None = None
    """The ARN of a key of your own that encrypts the variables; AWS's own for Lambda without it."""
    routes: list[Annotated[str, AfterValidator(_route)]] = Field(default_factory=list)
    """What the API sends to it, as `POST /similarity` or `GET /items/{id}`."""
    smoke: SmokeConfig | None = None
    """A request that a new version must answer before it goes live."""
    canary: Annotated[str, AfterValidator(_canary)] | None = None
    """A share of the requests and a time, as `10% 5m`, before a new version serves them all."""

    @field_validator("source")
    @classmethod
    def _directory(cls, path: Path, info: ValidationInfo) -> Path:
        path = under_base(path, info)
        if not there(path, Path.is_dir):
            raise ValueError(f"there is no directory {path}")
        return path

    @field_validator("handler")
    @classmethod
    def _defined(cls, handler: str, info: ValidationInfo) -> str:
        module, _, function = handler.rpartition(".")
        if not module or not function.isidentifier():
            raise ValueError("should be a module and a function in it, as in `lambda_function.lambda_handler`")
        if source := info.data.get("source"):
            _check_handler(source / f"{module.replace('.', '/')}.py", function)
        return handler

    @property
    def watched(self) -> tuple[float, float] | None:
        """The share of the requests that a new version serves first, and for how many seconds."""
        found = _CANARY.fullmatch(self.canary or "")
        return (int(found[1]) / 100, float(int(found[2]) * _SECONDS[found[3]])) if found else None

    @field_validator("variables", mode="before")
    @classmethod
    def _as_text(cls, variables: Any) -> Any:
        """YAML's numbers and booleans as they are written in an environment."""
        if not isinstance(variables, dict):
            return variables
        return {name: _text(value) for name, value in variables.items()}

    @field_validator("env_file")
    @classmethod
    def _readable(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None:
            return None
        path = existing_file(path, info)
        for name, value in _env_file(path).items():
            if value is None:
                raise ValueError(f"{path.name}: {name} has no value; write `{name}=`")
            _variable_name(name)
        return path

    @field_validator("secrets")
    @classmethod
    def _once(cls, secrets: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if twice := set(secrets) & {*info.data.get("variables", {}), *_env_file(info.data.get("env_file"))}:
            raise ValueError(f"{', '.join(sorted(twice))}: given as a variable, too")
        return secrets

    @property
    def read_at_start(self) -> dict[str, str]:
        """The secrets that the function itself reads."""
        return self.secrets if self.secrets_at == "start" else {}

    @property
    def environment(self) -> dict[str, str]:
        """Variables and the env file's, which win; their values are for Lambda alone."""
        return {**self.variables, **{name: value or "" for name, value in _env_file(self.env_file).items()}}


def _check_handler(file: Path, function: str) -> None:
    if not there(file, Path.is_file):
        raise ValueError(f"there is no file {file}")
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{file.name} is not valid Python: {error}") from error
    names = {name for statement in tree.body for name in _names(statement)}
    if function not in names:
        raise ValueError(f"{file.name} has no {function!r}; it has {', '.join(sorted(names)) or 'nothing'}")


def _names(statement: ast.AST) -> list[str]:
    """What a statement of a module makes known, at once or on a condition."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    if isinstance(statement, ast.If | ast.Try | ast.ExceptHandler | ast.With):
        inner = [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt | ast.ExceptHandler)]
        return [name for each in inner for name in _names(each)]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _env_file(path: Path | None) -> dict[str, str | None]:
    """Names and values, without interpolation: nothing of this machine's environment gets in."""
    if path is None:
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - a tenth of a second, for who has such a file

    return dotenv_values(path, interpolate=False)
