"""The configuration: models of config.yaml. What follows from a value is a property here."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from awsprov.environments import Environment
from awsprov.function_config import FunctionConfig
from awsprov.lock import GLIBC, Lock
from awsprov.parts import ExistingDirectory, ExistingFile, Name, Part
from awsprov.requirements import problems as requirement_problems

STAGE_NAME = "prod"  # in the URL of a REST API, when no stage was named
NOT_IN_FILE = ("stage", "state_dir", "paused", "played_by")  # of Config: said by options, or by the state
LARGEST_VPC, SMALLEST_VPC = 16, 24  # prefix lengths: EC2's bound, and that of sixteen subnets of /28, EC2's smallest
_UV_NAMES = {"x86_64": "x86_64", "arm64": "aarch64"}  # what uv calls the architectures
VARIABLES_LARGEST = 4096  # bytes of all names and values (Lambda quotas)


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
    files: ExistingDirectory | None = None
    start_pack: bool = True  # import each handler once on the builder, and bring what it read to local disk at a start

    @field_validator("requirements")
    @classmethod
    def _plain_requirements(cls, path: Path) -> Path:
        if found := requirement_problems(path):
            raise ValueError("; ".join(found))
        return path


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
    stages: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    stage: str = Field(default="", exclude=True)
    state_dir: Path = Field(default=Path(".awsprov"), exclude=True)
    paused: bool = Field(default=False, exclude=True)
    played_by: str = Field(default="", exclude=True)  # the Python on this machine that plays the functions'; --local

    @property
    def stack(self) -> str:
        """The stack's name: what its tags say and its resources' names begin with."""
        return f"{self.name}-{self.stage}" if self.stage else self.name

    @property
    def environment(self) -> Environment:
        """What the functions import. The cloud on this machine has a lock of its own: other wheels fit here."""
        wanted = self.libraries
        if self.played_by:
            lock = Lock(wanted.requirements, self.state_dir / f"{self.stack}.libraries.lock", self.played_by)
        else:
            platform = f"{_UV_NAMES[wanted.architecture]}-{GLIBC}"
            lock = Lock(wanted.requirements, wanted.requirements.with_suffix(".lock"), wanted.python, platform)
        return Environment(lock, wanted.architecture, wanted.files)

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
