"""The configuration: models of config.yaml. What follows from a value is a property here."""

import ast
import re
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from awsprov.requirements import problems as requirement_problems

STAGE_NAME = "prod"  # in the URL of a REST API, when no stage was named
LARGEST_VPC, SMALLEST_VPC = 16, 24  # prefix lengths: EC2's bound, and that of sixteen subnets of /28, EC2's smallest
VARIABLES_LARGEST = 4096  # bytes of all names and values (Lambda quotas)
# Names that Lambda keeps for itself (Lambda developer guide, environment variables).
RESERVED = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
}  # fmt: skip
OURS = {"PYTHONPATH", "AWSPROV_HANDLER", "AWSPROV_SECRETS", "CORS_ORIGIN"}  # set by awsprov
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_PART = r"(?:[A-Za-z0-9._~-]+|\{[A-Za-z0-9_]+\+?\})"  # a plain segment, `{id}`, or the greedy `{proxy+}`
_ROUTE = re.compile(rf"(ANY|GET|POST|PUT|PATCH|DELETE|HEAD) (/|(?:/{_PART})+)")
_SECRET = re.compile(r"ssm:/?[A-Za-z0-9_.\-/]+|secretsmanager:[A-Za-z0-9/_+=.@-]+")


def _under_base(path: Path, info: ValidationInfo) -> Path:
    """A path in the file is taken from the file's own directory."""
    base: Path = (info.context or {}).get("base", Path())
    with suppress(RuntimeError):  # a home that nobody has: the path as it is leads nowhere
        path = path.expanduser()
    return (base / path).absolute()


def _there(path: Path, check: Callable[[Path], bool]) -> bool:
    """Whether it is there; what this machine does not let us look at, or does not take for a name, is not."""
    with suppress(OSError):
        return check(path)
    return False


def _file(path: Path, info: ValidationInfo) -> Path:
    path = _under_base(path, info)
    if not _there(path, Path.is_file):
        raise ValueError(f"there is no file {path}")
    return path


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


ExistingFile = Annotated[Path, AfterValidator(_file)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]


class Part(BaseModel):
    """A part of the configuration: what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyPairConfig(Part):
    """The builder's key: made here when nothing is given; or a public key file; or a key pair that is on AWS."""

    public_key: ExistingFile | None = None
    name: str | None = None
    private_key: ExistingFile | None = None

    @field_validator("private_key")
    @classmethod
    def _private_goes_with_name(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path and not (info.data.get("name") or info.data.get("public_key")):
            raise ValueError("goes with `name` or `public_key`")
        return path


class NetworkConfig(Part):
    """The VPC, cut into sixteen equal ranges: the first eight are for public subnets, the others for private ones."""

    cidr: IPv4Network = IPv4Network("10.0.0.0/16")
    zones: int = Field(default=2, ge=1, le=6)
    nat: Literal["single", "per-zone", "none"] = "single"

    @field_validator("cidr")
    @classmethod
    def _large_enough(cls, cidr: IPv4Network) -> IPv4Network:
        if cidr.prefixlen < LARGEST_VPC:
            raise ValueError("is larger than a VPC may be: /16 at most")
        if cidr.prefixlen > SMALLEST_VPC:
            raise ValueError(
                "is too small for the zones: a subnet is a sixteenth of it, and a /28 at least; so /24 at least"
            )
        if not cidr.is_private:
            raise ValueError("is not a private range: take one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16")
        return cidr

    @property
    def public_cidrs(self) -> list[str]:
        """The ranges of the public subnets, one a zone."""
        return [str(block) for block in list(self.cidr.subnets(4))[: self.zones]]

    @property
    def private_cidrs(self) -> list[str]:
        """The ranges of the private subnets, one a zone."""
        return [str(block) for block in list(self.cidr.subnets(4))[8 : 8 + self.zones]]


class BuilderConfig(Part):
    """The instance that installs the libraries."""

    instance_type: str = Field(default="t3.small", pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    ssh_from: Literal["auto"] | IPv4Network = "auto"
    when_idle: Literal["stop", "terminate", "keep"] = "stop"


class LibrariesConfig(Part):
    """What the functions import."""

    requirements: ExistingFile
    # Amazon Linux 2023 under these; 3.11 and older run on a glibc for which the builder's pip picks the wrong wheels.
    python: Literal["3.12", "3.13", "3.14"] = "3.12"
    architecture: Literal["x86_64", "arm64"] = "x86_64"

    @field_validator("requirements")
    @classmethod
    def _plain_requirements(cls, path: Path) -> Path:
        if found := requirement_problems(path):
            raise ValueError("; ".join(found))
        return path


class FunctionConfig(Part):
    """One function. Memory in MB, timeout in seconds."""

    source: Path
    handler: str
    memory: int = Field(default=1024, ge=128, le=10240)
    timeout: int = Field(default=29, ge=1, le=900)
    log_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ] = 365
    variables: dict[VariableName, str] = {}
    env_file: Path | None = None
    secrets: dict[VariableName, Annotated[str, AfterValidator(_secret)]] = {}
    routes: list[Annotated[str, AfterValidator(_route)]] = []

    @field_validator("source")
    @classmethod
    def _directory(cls, path: Path, info: ValidationInfo) -> Path:
        path = _under_base(path, info)
        if not _there(path, Path.is_dir):
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
        path = _file(path, info)
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
    def environment(self) -> dict[str, str]:
        """Variables and the env file's, which win; their values are for Lambda alone."""
        return {**self.variables, **{name: value or "" for name, value in _env_file(self.env_file).items()}}


class ThrottleConfig(Part):
    """Requests a second, and at once."""

    rate: float = Field(default=50, gt=0, le=10000)
    burst: int = Field(default=100, ge=1, le=5000)


class JwtConfig(Part):
    """Whose tokens let a caller in."""

    issuer: str = Field(pattern=r"^https?://")
    audience: list[str] = Field(min_length=1)


class ApiConfig(Part):
    """The API in front."""

    type: Literal["rest", "http"] = "rest"
    auth: Literal["iam", "api_key", "jwt", "none"] = "iam"
    cors_origin: str | None = Field(default=None, pattern=r"^(\*|https?://[^\s/]+)$")
    throttle: ThrottleConfig = ThrottleConfig()
    jwt: JwtConfig | None = None

    @field_validator("auth")
    @classmethod
    def _known_to_type(cls, auth: str, info: ValidationInfo) -> str:
        kind = info.data.get("type")
        if (kind, auth) in (("rest", "jwt"), ("http", "api_key")):
            other = "http" if kind == "rest" else "rest"
            raise ValueError(f"{kind} APIs have no {auth}; use `type: {other}`")
        return auth

    @field_validator("jwt")
    @classmethod
    def _goes_with_auth(cls, jwt: JwtConfig | None, info: ValidationInfo) -> JwtConfig | None:
        if jwt and info.data.get("auth") not in ("jwt", None):
            raise ValueError("goes with `auth: jwt`")
        return jwt


class Config(Part):
    """The whole of config.yaml, and where it was read from."""

    name: Name
    region: str
    profile: str | None = None
    keypair: KeyPairConfig = KeyPairConfig()
    network: NetworkConfig = NetworkConfig()
    builder: BuilderConfig = BuilderConfig()
    libraries: LibrariesConfig
    functions: dict[Name, FunctionConfig] = Field(min_length=1)
    api: ApiConfig = ApiConfig()
    stages: dict[Name, dict[str, Any]] = {}
    stage: str = Field(default="", exclude=True)
    state_dir: Path = Field(default=Path(".awsprov"), exclude=True)

    @property
    def stack(self) -> str:
        """The stack's name: what its tags say and its resources' names begin with."""
        return f"{self.name}-{self.stage}" if self.stage else self.name

    @property
    def private_key(self) -> Path:
        """The builder's private key: ours, or the one that the configuration names."""
        given = self.keypair
        if given.private_key:
            return given.private_key
        return given.public_key.with_suffix("") if given.public_key else self.state_dir / "keys" / f"{self.stack}.pem"

    @property
    def known_hosts(self) -> Path:
        """The builder's host keys as AWS told them."""
        return self.state_dir / "keys" / f"{self.stack}.known_hosts"


def _check_handler(file: Path, function: str) -> None:
    if not _there(file, Path.is_file):
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
    return dotenv_values(path, interpolate=False) if path else {}
