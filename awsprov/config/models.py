"""The configuration: models of config.yaml. What follows from a value is a property here."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from awsprov.config.fields import ExistingDirectory, ExistingFile, LogDays, Name, Part
from awsprov.config.function import FunctionConfig
from awsprov.packaging.environment import Environment
from awsprov.packaging.lockfile import GLIBC, Lock
from awsprov.packaging.requirements import problems as requirement_problems

STAGE_NAME = "prod"  # in the URL of a REST API, when no stage was named
NOT_IN_FILE = ("stage", "state_dir", "paused", "local_python")  # of Config: said by options, or by the state
LARGEST_VPC, SMALLEST_VPC = 16, 24  # prefix lengths: EC2's bound, and that of sixteen subnets of /28, EC2's smallest
_UV_NAMES = {"x86_64": "x86_64", "arm64": "aarch64"}  # what uv calls the architectures
VARIABLES_LARGEST = 4096  # bytes of all names and values (Lambda quotas)


class KeyPairConfig(Part):
    """The builder's key: made here when nothing is given; or a public key file; or a key pair that is on AWS."""

    public_key: ExistingFile | None = None
    """A public key file; its private half is looked for beside it, without `.pub`."""
    name: str | None = None
    """A key pair that is on AWS already."""
    private_key: ExistingFile | None = None
    """The private half of `name` or `public_key`."""

    @field_validator("private_key")
    @classmethod
    def _private_goes_with_name(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path and not (info.data.get("name") or info.data.get("public_key")):
            raise ValueError("goes with `name` or `public_key`")
        return path


class NetworkConfig(Part):
    """The VPC, cut into sixteen equal ranges: the first eight are for public subnets, the others for private ones."""

    cidr: IPv4Network = IPv4Network("10.0.0.0/16")
    """The VPC's range: a private one, /16 to /24."""
    zones: int = Field(default=2, ge=1, le=6)
    """Availability zones to spread over."""
    nat: Literal["single", "per-zone", "none"] = "single"
    """The functions' way to the internet: one NAT gateway, one a zone, or none. Each costs by the hour."""
    egress_ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(default=[443], max_length=12)
    """TCP ports on which functions and builder may call out, such as a database's; no others are open."""

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
    """Its EC2 type, of the architecture that `libraries` asks for."""
    ssh_from: Literal["auto"] | IPv4Network = "auto"
    """Who may open SSH to it: this machine's address, or a range such as 203.0.113.0/24."""
    when_idle: Literal["stop", "terminate", "keep"] = "stop"
    """What becomes of it once the libraries are published; its role and its firewall go with one that is terminated."""

    @property
    def kept(self) -> bool:
        """Whether it outlives the installation."""
        return self.when_idle != "terminate"


class LibrariesConfig(Part):
    """What the functions import."""

    requirements: ExistingFile
    """A requirements file, as pip reads it."""
    # Amazon Linux 2023 under these; 3.11 and older run on a glibc for which the builder's pip picks the wrong wheels.
    python: Literal["3.12", "3.13", "3.14"] = "3.12"
    """The functions' Python."""
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """The functions' processor, and the builder's."""
    files: ExistingDirectory | None = None
    """A directory, as a trained model: the handler finds it at os.environ["AWSPROV_FILES"]."""
    start_pack: bool = True
    """Import each handler once on the builder, and bring what it read to local disk at a cold start."""

    @field_validator("requirements")
    @classmethod
    def _plain_requirements(cls, path: Path) -> Path:
        if found := requirement_problems(path):
            raise ValueError("; ".join(found))
        return path


class ThrottleConfig(Part):
    """Requests a second, and at once."""

    rate: float = Field(default=50, gt=0, le=10000)
    """Requests a second."""
    burst: int = Field(default=100, ge=1, le=5000)
    """Requests at once."""


class JwtConfig(Part):
    """Whose tokens let a caller in."""

    issuer: str = Field(pattern=r"^https?://")
    """The URL of who issues them."""
    audience: list[str] = Field(min_length=1)
    """Whom they must be meant for: any of these."""


class ApiConfig(Part):
    """The API in front."""

    type: Literal["rest", "http"] = "rest"
    """API Gateway's kind."""
    auth: Literal["iam", "api_key", "jwt", "none"] = "iam"
    """Who may call: whoever signs (SigV4), whoever has the key (rest), the token (http), or anybody."""
    cors_origin: str | None = Field(default=None, pattern=r"^(\*|https?://[^\s/]+)$")
    """Whose web pages may read answers: an origin, or `*`; none without it."""
    throttle: ThrottleConfig = ThrottleConfig()
    """How much is let through."""
    log_days: LogDays = 365
    """How long the line that each request leaves is kept."""
    metrics: bool = True
    """Whether CloudWatch counts and times each route by itself; ten metrics are free, a route has five."""
    jwt: JwtConfig | None = None
    """Whose tokens; goes with `auth: jwt`."""

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
    """The stack's name; names of AWS resources begin with it."""
    region: str
    """The AWS region; --region overrides it."""
    profile: str | None = None
    """A profile of the AWS CLI; otherwise the usual chain: environment, default profile, role."""
    keypair: KeyPairConfig = KeyPairConfig()
    """The builder's key."""
    network: NetworkConfig = NetworkConfig()
    """The VPC."""
    builder: BuilderConfig = BuilderConfig()
    """The instance that installs the libraries."""
    libraries: LibrariesConfig
    """What the functions import."""
    functions: dict[Name, FunctionConfig] = Field(min_length=1)
    """The functions, by names of your own."""
    api: ApiConfig = ApiConfig()
    """The API in front of them."""
    tracing: bool = True
    """Whether X-Ray gets to know of requests to functions and REST APIs; 100,000 traces a month are free."""
    stages: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    """What differs by stage: laid over the rest by --stage NAME, and a stack of its own."""
    stage: str = Field(default="", exclude=True)
    state_dir: Path = Field(default=Path(".awsprov"), exclude=True)
    paused: bool = Field(default=False, exclude=True)
    local_python: str = Field(default="", exclude=True)  # the Python on this machine that plays the functions'; --local

    @property
    def stack(self) -> str:
        """The stack's name: what its tags say and its resources' names begin with."""
        return f"{self.name}-{self.stage}" if self.stage else self.name

    @property
    def environment(self) -> Environment:
        """What the functions import. The cloud on this machine has a lock of its own: other wheels fit here."""
        wanted = self.libraries
        if self.local_python:
            lock = Lock(wanted.requirements, self.state_dir / f"{self.stack}.libraries.lock", self.local_python)
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
