"""The section `api` of config.yaml."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from awsprov.config.fields import LogDays, Pattern, Section
from awsprov.config.payload import Payload

# Seconds that an API waits for a function by default, and at most with a higher quota (API Gateway developer guide,
# "Quotas for configuring and running a REST API" and "… an HTTP API").
WAITS = {"rest": 29, "http": 30}
MAX_TIMEOUT = 300
ORIGIN = r"\*|https?://[^\s/]+"  # of CORS


class ThrottleConfig(Section):
    """Throttling of the API."""

    rate: float = Field(default=50, gt=0, le=10000)
    """Requests per second."""
    burst: int = Field(default=100, ge=1, le=5000)
    """The largest burst of requests."""


class JwtConfig(Section):
    """The JWT authorizer of an HTTP API."""

    issuer: Annotated[str, Field(pattern=r"^https?://"), Pattern("a URL")]
    """The URL of the token's issuer."""
    audience: list[str] = Field(min_length=1)
    """The accepted audiences; a token needs one of them."""


class ApiConfig(Section):
    """The API Gateway API in front of the functions."""

    type: Literal["rest", "http"] = "rest"
    """The type of the API: REST or HTTP."""
    auth: Literal["iam", "api_key", "jwt", "none"] = "iam"
    """How callers authenticate: SigV4 (as in `curl --aws-sigv4`), API key (only rest), JWT (only http), or none."""
    cors_origin: (
        Annotated[
            str,
            Field(pattern=rf"^({ORIGIN})$"),
            Pattern("`*`, or the scheme and host of a web page"),
        ]
        | None
    ) = None
    """The origin whose web pages may call the API (CORS), or `*`; default: none."""
    payload: Payload = "proxy"
    """What functions get and return: `proxy` for HTTP requests and responses, `body` for the JSON body (only rest)."""
    timeout: int | None = Field(default=None, ge=1, le=MAX_TIMEOUT)
    """How many seconds the API waits for a function (only rest); more than the default of 29 needs a higher quota."""
    throttle: ThrottleConfig = ThrottleConfig()
    """Request limits."""
    log_days: LogDays = 365
    """How many days access log entries are kept."""
    metrics: bool = True
    """Whether CloudWatch records metrics per route: five for each, of which ten are free."""
    jwt: JwtConfig | None = None
    """The JWT authorizer; requires `auth: jwt`."""

    @field_validator("auth")
    @classmethod
    def _known_to_type(cls, auth: str, info: ValidationInfo) -> str:
        kind = info.data.get("type")
        if (kind, auth) in (("rest", "jwt"), ("http", "api_key")):
            other = "http" if kind == "rest" else "rest"
            raise ValueError(f"cannot be {auth} for {kind} APIs; use `type: {other}`")
        return auth

    @field_validator("timeout")
    @classmethod
    def _only_rest(cls, timeout: int | None, info: ValidationInfo) -> int | None:
        if timeout and info.data.get("type") == "http":
            raise ValueError(f"cannot be {timeout} for HTTP APIs; they wait {WAITS['http']} seconds; use `type: rest`")
        return timeout

    @field_validator("jwt")
    @classmethod
    def _goes_with_auth(cls, jwt: JwtConfig | None, info: ValidationInfo) -> JwtConfig | None:
        if jwt and info.data.get("auth") not in ("jwt", None):
            raise ValueError("needs `auth: jwt`")
        return jwt

    @property
    def waits(self) -> int:
        """How many seconds the API waits for a function."""
        return self.timeout or WAITS[self.type]
